//! Waits on the caller's thread for what the database answers.
//!
//! Own code instead of `Handle::block_on`, which refuses to wait on a thread that runs async code; a store is used from
//! such threads in commands and tests.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

use tokio::runtime::Handle;

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.unpark();
    }
}

/// The output of `future`, whose connections live on the runtime behind `run`.
pub(crate) fn wait<F: Future>(run: &Handle, future: F) -> F::Output {
    let _inside = run.enter();
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}

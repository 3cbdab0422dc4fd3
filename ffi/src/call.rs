//! How a call runs: behind a catch for panics, and for the long ones on the library's own runtime.

use std::any::Any;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::OnceLock;

use tokio::runtime::{Builder, Runtime};
use xunge_core::app::AppError;

static RUNTIME: OnceLock<Runtime> = OnceLock::new();

/// Runs `work`; a panic in it becomes an error. The store's transactions roll back when they unwind, so that what was
/// saved before stays whole.
pub(crate) fn guarded<T>(work: impl FnOnce() -> Result<T, AppError>) -> Result<T, AppError> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| Err(internal(panic.as_ref())))
}

/// Runs `work` on the library's runtime, whichever executor the caller awaits it on.
pub(crate) async fn spawned<T: Send + 'static>(
    work: impl Future<Output = Result<T, AppError>> + Send + 'static,
) -> Result<T, AppError> {
    match runtime()?.spawn(work).await {
        Ok(outcome) => outcome,
        Err(join) => match join.try_into_panic() {
            Ok(panic) => Err(internal(panic.as_ref())),
            Err(join) => Err(AppError::Internal(join.to_string())),
        },
    }
}

fn runtime() -> Result<&'static Runtime, AppError> {
    if let Some(runtime) = RUNTIME.get() {
        return Ok(runtime);
    }
    // One thread drives the network; the database is worked on in a short-lived thread beside it.
    let made = Builder::new_multi_thread()
        .worker_threads(1)
        .thread_name("xunge")
        .enable_all()
        .build()
        .map_err(|e| AppError::Internal(format!("cannot start a runtime: {e}")))?;
    Ok(RUNTIME.get_or_init(|| made))
}

fn internal(panic: &(dyn Any + Send)) -> AppError {
    let what = panic
        .downcast_ref::<&str>()
        .map(|s| (*s).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "unknown".into());
    tracing::error!(%what, "a call panicked");
    AppError::Internal(format!("panic: {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_an_internal_error_on_both_ways() {
        let local = guarded::<()>(|| panic!("local"));
        assert!(matches!(local, Err(AppError::Internal(what)) if what.contains("local")));
        let waiting = Builder::new_current_thread().build().unwrap();
        let long = waiting.block_on(spawned::<()>(async { panic!("long {}", 1) }));
        assert!(matches!(long, Err(AppError::Internal(what)) if what.contains("long 1")));
    }
}

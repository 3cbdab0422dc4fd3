//! What a shell pays: the first screen, the way from question to question, and the border itself. Calls are made in this
//! process, so that CPU time is the library's alone.
#![allow(
    unsafe_code,
    reason = "the border's own functions, called as generated bindings call them"
)]

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};
use uniffi::{Lift, Lower, RustCallStatus};
use xunge_ffi::{
    Answer, ApiError, FileKeyStore, Home, Phone, Question, Step, SystemEnv, UniFfiTag,
};
use xunge_tests::phone::PIN;
use xunge_tests::{Outcome, fail, files};

use crate::bench_phone::{FEW, grant_until, reopen};
use crate::measure::{Numbers, median};
use crate::place::Place;

const OPENINGS: usize = 9;
const INTERVIEWS: usize = 12;
const CALLS: u32 = 50_000;
const LONGEST: usize = 60;

// As in the generated header, where a handle is a number.
unsafe extern "C" {
    fn uniffi_xunge_ffi_fn_clone_phone(phone: u64, status: &mut RustCallStatus) -> u64;
    fn uniffi_xunge_ffi_fn_method_phone_cancel_sync(phone: u64, status: &mut RustCallStatus);
}

pub(crate) async fn run(numbers: &mut Numbers) -> Outcome {
    let place = Place::synthetic("town").await?;
    let mut worker = place.worker("李大山").await?;
    let mut granted = (1, place.grids[0].1);
    grant_until(&place, &mut worker, &mut granted, FEW).await?;
    numbers.set("ffi.records", granted.1 as f64);
    let (unlock, settled) = reopen(&mut worker).await?;
    numbers.set("ffi.unlock_mb", unlock);
    numbers.set("ffi.resident_mb", settled);
    let Some(id) = worker.phone.worker().map(str::to_owned) else {
        fail!("nobody has enrolled");
    };
    let dir = worker.phone.dir().to_path_buf();
    worker.phone.kill().await;
    tokio::task::block_in_place(|| {
        let phone = first_screen(&dir, &id, numbers)?;
        questions(&phone, &dir, numbers)?;
        border(&phone, numbers)?;
        said(phone.close())
    })
}

/// Open, unlock and the first screen, again and again. A wrong PIN is stretched and opens nothing: what that takes is
/// what stretching takes.
fn first_screen(dir: &Path, worker: &str, numbers: &mut Numbers) -> Outcome<Arc<Phone>> {
    let (mut all, mut stretches) = (Vec::new(), Vec::new());
    let mut last = None;
    for _ in 0..OPENINGS {
        drop(last.take());
        let keys = Arc::new(FileKeyStore::new(dir));
        let phone = Phone::with_parts(dir, keys, Arc::new(SystemEnv::new()));
        let began = cpu();
        said(phone.open(Some("zh-CN".into())))?;
        let opened = cpu() - began;
        let began = cpu();
        if phone.unlock(worker.into(), "000000".into()).is_ok() {
            fail!("a wrong PIN opens the phone");
        }
        let stretch = cpu() - began;
        let began = cpu();
        said(phone.unlock(worker.into(), PIN.into()))?;
        said(phone.home())?;
        all.push(opened + (cpu() - began).saturating_sub(stretch));
        stretches.push(stretch);
        last = Some(phone.clone());
        if stretches.len() < OPENINGS {
            said(phone.close())?;
        }
    }
    numbers.set("ffi.pin_cpu_ms", millis(median(stretches)));
    numbers.set("ffi.open_home_cpu_ms", millis(median(all)));
    match last {
        Some(phone) => Ok(phone),
        None => fail!("it was never opened"),
    }
}

/// Every answer of whole interviews, media included.
fn questions(phone: &Phone, dir: &Path, numbers: &mut Numbers) -> Outcome {
    let mut times = Vec::new();
    for number in 0..INTERVIEWS {
        let kind = ["visit", "request", "dispute"][number % 3];
        let started = said(phone.start(kind.into(), None))?;
        let (interview, mut step) = (started.interview, started.step);
        for _ in 0..LONGEST {
            let Some(question) = &step.question else {
                break;
            };
            let answer = answer_to(question, dir, times.len() as u64)?;
            let (next, took) = timed(|| match answer {
                Some(value) => phone.answer(interview.clone(), value),
                None => phone.skip(interview.clone()),
            });
            let next: Step = said(next)?;
            times.push(took);
            step = next;
        }
        if step.review.is_none() {
            fail!("{kind} does not end");
        }
        said(phone.discard(interview))?;
    }
    times.sort();
    numbers.set("ffi.questions", times.len() as f64);
    numbers.set(
        "ffi.question_p95_cpu_ms",
        millis(times[times.len() * 95 / 100]),
    );
    numbers.set("ffi.question_cpu_ms", millis(median(times)));
    Ok(())
}

/// By the kind alone.
fn answer_to(question: &Question, dir: &Path, seed: u64) -> Outcome<Option<Answer>> {
    let first = question.choices.iter().flatten().next();
    let first = first.map(|choice| choice.code.clone());
    let file = |path: std::path::PathBuf| Answer::Text(path.display().to_string());
    Ok(match question.kind.as_str() {
        "choice" | "household" | "person" => first.map(Answer::Text),
        "choices" => first.map(|code| Answer::List(vec![code])),
        "yes_no" | "confirm" => Some(Answer::Flag(true)),
        "number" => Some(Answer::Number(3.0)),
        "date" => Some(Answer::Text("2026-03-01".into())),
        "text" => Some(Answer::Text("村口石桥边".into())),
        "voice" => Some(file(files::recording(dir, seed)?)),
        "photo" | "signature" => Some(file(files::picture(dir, seed)?)),
        other => fail!("a question of the kind {other}"),
    })
}

/// A call across the border over the same call inside, and the first screen turned into bytes and back: what generated
/// bindings do, without what their language adds.
fn border(phone: &Arc<Phone>, numbers: &mut Numbers) -> Outcome {
    let handle = <Arc<Phone> as Lower<UniFfiTag>>::lower(phone.clone());
    let number = handle.as_raw();
    let across = each(CALLS, || {
        let mut status = RustCallStatus::default();
        // SAFETY: the handle was lowered from an `Arc` that lives as long as `phone`; the call takes the clone over.
        unsafe {
            let clone = uniffi_xunge_ffi_fn_clone_phone(number, &mut status);
            uniffi_xunge_ffi_fn_method_phone_cancel_sync(clone, &mut status);
        }
        assert_eq!(status.code as i8, 0, "the call fails");
    });
    let inside = each(CALLS, || phone.cancel_sync().expect("the call fails"));
    let call = across.saturating_sub(inside);
    let home = said(phone.home())?;
    let cloned = each(CALLS / 10, || drop(home.clone()));
    let crossed = each(CALLS / 10, || {
        let bytes = <Home as Lower<UniFfiTag>>::lower(home.clone());
        let back = <Home as Lift<UniFfiTag>>::try_lift(bytes).expect("what was lowered is lifted");
        assert_eq!(back.tiles.len(), home.tiles.len());
    });
    let carried = crossed.saturating_sub(cloned);
    numbers.set("ffi.inside_us", micros(inside));
    numbers.set("ffi.call_us", micros(call));
    numbers.set("ffi.home_carried_us", micros(carried));
    numbers.set("ffi.added_us", micros(call + carried));
    drop(<Arc<Phone> as Lift<UniFfiTag>>::try_lift(handle));
    Ok(())
}

fn each(times: u32, mut work: impl FnMut()) -> Duration {
    let began = Instant::now();
    for _ in 0..times {
        work();
    }
    began.elapsed() / times
}

fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let began = cpu();
    let done = work();
    (done, cpu() - began)
}

/// CPU time of this thread.
fn cpu() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    Duration::new(seconds, u32::try_from(time.tv_nsec).unwrap_or(0))
}

fn said<T>(answer: Result<T, ApiError>) -> Outcome<T> {
    Ok(answer.map_err(|error| error.to_string())?)
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

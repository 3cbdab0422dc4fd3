//! Where the library's log goes: to the shell's own log, or to standard error. Logs hold no personal data. Panics are in it with
//! their place, also those of threads that nobody waits for.

use std::fmt::{self, Write as _};
use std::io;
use std::panic;
use std::sync::{Arc, Once};
use std::thread;

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

/// Takes lines of the log.
#[uniffi::export(with_foreign)]
pub trait LogSink: Send + Sync {
    /// One line. `level` is `error`, `warn`, `info`, `debug` or `trace`.
    fn line(&self, level: String, target: String, text: String);
}

/// Sends the log to `sink`, filtered by `filter` (for instance `info,xunge_core=debug`). The first call counts; later
/// ones, and filters that cannot be read, change nothing.
#[uniffi::export]
pub fn log_to(sink: Arc<dyn LogSink>, filter: String) {
    let filter = EnvFilter::builder().parse_lossy(filter);
    let _ = tracing_subscriber::registry()
        .with(SinkLayer(sink).with_filter(filter))
        .try_init();
    hear_panics();
}

/// Sends the log to standard error, filtered by the environment variable `variable`; warnings and errors without it.
pub fn log_to_stderr(variable: &str) {
    let filter = EnvFilter::builder()
        .with_env_var(variable)
        .with_default_directive(tracing::level_filters::LevelFilter::WARN.into())
        .from_env_lossy();
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(false)
        .try_init();
    hear_panics();
}

/// From now on a panic is a line of the log, beside what was done with it before: on Android nobody reads standard error.
fn hear_panics() {
    const LOGGER: &str = "xunge panic";
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            before(info);
            // A sink that itself fails must not bring the process down: a panic within this hook would.
            if thread::current().name() == Some(LOGGER) {
                return;
            }
            let place = info.location().map(ToString::to_string);
            let named = thread::Builder::new().name(LOGGER.into());
            let logged = named.spawn(move || {
                tracing::error!(target: "xunge::panic", place, "a panic");
            });
            drop(logged);
        }));
    });
}

struct SinkLayer(Arc<dyn LogSink>);

impl<S: Subscriber> Layer<S> for SinkLayer {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let metadata = event.metadata();
        let mut text = Text::default();
        event.record(&mut text);
        let level = match *metadata.level() {
            Level::ERROR => "error",
            Level::WARN => "warn",
            Level::INFO => "info",
            Level::DEBUG => "debug",
            Level::TRACE => "trace",
        };
        self.0.line(level.into(), metadata.target().into(), text.0);
    }
}

#[derive(Default)]
struct Text(String);

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if !self.0.is_empty() {
            self.0.push(' ');
        }
        // Writing into a string cannot fail.
        let _ = match field.name() {
            "message" => write!(self.0, "{value:?}"),
            name => write!(self.0, "{name}={value:?}"),
        };
    }
}

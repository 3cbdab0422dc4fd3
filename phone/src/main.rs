//! A phone without a screen: the exports of `xunge-ffi` as JSON-RPC 2.0, one object a line, with no logic of its own.
//!
//! For demonstrations, tests and load. Its key store is a file beside the data and protects nothing.

mod frame;
mod lines;
mod memory;
mod methods;
mod out;
mod params;
mod world;

use std::io::{self, BufReader};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::thread;

use clap::{Parser, Subcommand};
use xunge_ffi::Phone;

use crate::frame::{MAX_LINE, Request};
use crate::out::Out;

/// A phone without a screen: JSON-RPC 2.0 lines on standard input and output.
///
/// Logs go to standard error; XUNGE_LOG sets the filter, for instance XUNGE_LOG=xunge_core=debug.
#[derive(Parser)]
#[command(
    version,
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true
)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// Folder of this phone; made if need be.
    #[arg(long, value_name = "DIR", required = true)]
    data: Option<PathBuf>,
    #[command(flatten)]
    world: world::Options,
}

#[derive(Subcommand)]
enum Command {
    /// Prints the database key (64 hex digits) and salt (32), for a forensic look.
    Key {
        /// Folder of the phone.
        #[arg(long, value_name = "DIR")]
        data: PathBuf,
        /// Id of the worker; needed if several have enrolled.
        #[arg(long, value_name = "ID")]
        worker: Option<String>,
    },
}

fn main() -> ExitCode {
    memory::give_back_what_is_freed();
    let arguments = Arguments::parse();
    xunge_ffi::log_to_stderr("XUNGE_LOG");
    let outcome = match (arguments.command, arguments.data) {
        (Some(Command::Key { data, worker }), _) => print_key(&data, worker.as_deref()),
        (None, Some(data)) => serve(&data, &arguments.world),
        (None, None) => Err("give --data DIR".into()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("xunge-phone: {why}");
            ExitCode::FAILURE
        }
    }
}

fn print_key(data: &Path, worker: Option<&str>) -> Result<(), String> {
    let key = xunge_ffi::disclosed_key(data, worker).map_err(|e| e.to_string())?;
    println!("{key}");
    Ok(())
}

/// Answers line by line until the input ends, then waits for a sync under way and closes.
fn serve(data: &Path, world: &world::Options) -> Result<(), String> {
    let phone = world.phone(data)?;
    let out = Out::new();
    let _subscription = phone.subscribe(Arc::new(out.clone()));
    let mut input = BufReader::new(io::stdin().lock());
    let mut line = Vec::new();
    let mut long = Vec::new();
    while lines::read_line(&mut input, &mut line, MAX_LINE).map_err(|e| e.to_string())? {
        long.retain(|running: &thread::JoinHandle<_>| !running.is_finished());
        match frame::parse(&line) {
            Err(bad) => out.write(&frame::reply(&bad.id, Err(bad.error))),
            Ok(request) if methods::is_long(&request.method) => {
                let (phone, out) = (phone.clone(), out.clone());
                long.push(thread::spawn(move || handle(&phone, &out, request)));
                Ok(())
            }
            Ok(request) => handle(&phone, &out, request),
        }
        .map_err(|e| format!("cannot write the reply: {e}"))?;
    }
    for running in long {
        let _ = running.join();
    }
    phone.close().map_err(|e| e.to_string())
}

/// Calls one method and writes its reply, if the request wants one.
fn handle(phone: &Arc<Phone>, out: &Out, request: Request) -> io::Result<()> {
    let Request { id, method, params } = request;
    let outcome = methods::call(phone, &method, params);
    match id {
        Some(id) => out.write(&frame::reply(&id, outcome)),
        None => Ok(()),
    }
}

//! The table of methods: each reads its parameters, calls the export of the same name, and writes its answer.

use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use xunge_ffi::{ApiError, Phone};

use crate::frame::{ErrorData, RpcError, number};
use crate::params;

/// Whether a call of `method` may take as long as the network does, so that others must be answered meanwhile.
pub(crate) fn is_long(method: &str) -> bool {
    method == "sync"
}

/// Calls `method`.
pub(crate) fn call(
    phone: &Arc<Phone>,
    method: &str,
    params: Map<String, Value>,
) -> Result<Value, RpcError> {
    match method {
        "open" => {
            let p: params::Open = read(params)?;
            answer(phone.open(p.locale))
        }
        "enrol" => {
            let p: params::Enrol = read(params)?;
            answer(wait(phone.enrol(p.ticket, p.pin))?)
        }
        "redeem" => {
            let p: params::Redeem = read(params)?;
            answer(wait(phone.redeem(p.relay, p.code))?)
        }
        "unlock" => {
            let p: params::Unlock = read(params)?;
            answer(phone.unlock(p.worker, p.pin))
        }
        "unlock_with_code" => {
            let p: params::UnlockWithCode = read(params)?;
            answer(phone.unlock_with_code(p.worker, p.code, p.new_pin))
        }
        "set_photo" => {
            let p: params::Path = read(params)?;
            answer(phone.set_photo(p.path))
        }
        "lock" => done(phone.lock()),
        "close" => done(phone.close()),
        "home" => answer(phone.home()),
        "start" => {
            let p: params::Start = read(params)?;
            answer(phone.start(p.kind, p.subject))
        }
        "answer" => {
            let p: params::Answer = read(params)?;
            answer(phone.answer(p.interview, p.value))
        }
        "skip" => {
            let p: params::Interview = read(params)?;
            answer(phone.skip(p.interview))
        }
        "back" => {
            let p: params::Interview = read(params)?;
            answer(phone.back(p.interview))
        }
        "save" => {
            let p: params::Interview = read(params)?;
            answer(phone.save(p.interview))
        }
        "discard" => {
            let p: params::Interview = read(params)?;
            answer(phone.discard(p.interview))
        }
        "amend" => {
            let p: params::Record = read(params)?;
            answer(phone.amend(p.record))
        }
        "records" => {
            let p: xunge_ffi::RecordFilter = read(params)?;
            answer(phone.records(p))
        }
        "record" => {
            let p: params::Record = read(params)?;
            answer(phone.record(p.record))
        }
        "receipts" => {
            let p: params::MaybeRecord = read(params)?;
            answer(phone.receipts(p.record))
        }
        "search" => {
            let p: params::Search = read(params)?;
            answer(phone.search(p.text, p.limit))
        }
        "speech" => {
            let p: params::Speech = read(params)?;
            answer(phone.speech(p.text))
        }
        "sync" => answer(wait(phone.sync())?),
        "cancel_sync" => done(phone.cancel_sync()),
        "bundle_export" => {
            let p: params::Path = read(params)?;
            answer(phone.bundle_export(p.path))
        }
        "bundle_import" => {
            let p: params::Path = read(params)?;
            answer(phone.bundle_import(p.path))
        }
        "practice" => {
            let p: params::Practice = read(params)?;
            answer(phone.practice(p.on))
        }
        "status" => answer(phone.status()),
        other => Err(RpcError::method_not_found(other)),
    }
}

/// The parameters as their type; an error names the key.
fn read<T: DeserializeOwned>(params: Map<String, Value>) -> Result<T, RpcError> {
    serde_path_to_error::deserialize(Value::Object(params)).map_err(|error| {
        let path = error.path().to_string();
        let place = if path == "." {
            "params".to_owned()
        } else {
            format!("params.{path}")
        };
        RpcError::invalid_params(format!("{place}: {}", error.into_inner()))
    })
}

fn answer<T: Serialize>(outcome: Result<T, ApiError>) -> Result<Value, RpcError> {
    let value = outcome.map_err(rpc_error)?;
    serde_json::to_value(value).map_err(|e| internal(e.to_string()))
}

fn done(outcome: Result<(), ApiError>) -> Result<Value, RpcError> {
    outcome.map(|()| json!({})).map_err(rpc_error)
}

fn rpc_error(error: ApiError) -> RpcError {
    let ApiError::Failed {
        code,
        text,
        speech,
        retry,
        detail,
    } = error;
    RpcError {
        code: number::APPLICATION,
        message: detail,
        data: ErrorData {
            code,
            text,
            speech,
            retry,
        },
    }
}

fn internal(message: String) -> RpcError {
    RpcError::of_caller(number::APPLICATION, "internal", message)
}

/// Waits for an asynchronous export. It runs on the library's own runtime; this thread only waits.
fn wait<F: Future>(future: F) -> Result<F::Output, RpcError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .map_err(|e| internal(e.to_string()))?;
    Ok(runtime.block_on(future))
}

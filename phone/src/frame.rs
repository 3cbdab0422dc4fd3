//! The JSON-RPC 2.0 frame: a line in, a request or an error out; a reply or a notification as one line.
//!
//! It knows the specification's error numbers. It does not know which methods there are.

use serde::Serialize;
use serde_json::{Map, Value, json};

/// Longest line that is read, in bytes, without its line break.
pub(crate) const MAX_LINE: usize = 1 << 20;

/// Error numbers: the specification's own, and one for every error that a method itself answers with.
pub(crate) mod number {
    /// The line is no JSON.
    pub(crate) const PARSE: i32 = -32700;
    /// The JSON is no request.
    pub(crate) const INVALID_REQUEST: i32 = -32600;
    /// There is no such method.
    pub(crate) const METHOD_NOT_FOUND: i32 = -32601;
    /// The parameters are not what the method takes.
    pub(crate) const INVALID_PARAMS: i32 = -32602;
    /// The method answered with an error; `data.code` says which.
    pub(crate) const APPLICATION: i32 = -32000;
}

/// A request as it stands on a line.
#[derive(Debug, PartialEq)]
pub(crate) struct Request {
    /// To be echoed in the reply; none for a notification, which gets no reply.
    pub(crate) id: Option<Value>,
    /// Name of the method.
    pub(crate) method: String,
    /// Its parameters, by name.
    pub(crate) params: Map<String, Value>,
}

/// What stands in `error.data`.
#[derive(Debug, PartialEq, Serialize)]
pub(crate) struct ErrorData {
    /// Stable name.
    pub(crate) code: String,
    /// For the user.
    pub(crate) text: String,
    /// For the user's ear.
    pub(crate) speech: String,
    /// Whether the same call may succeed later.
    pub(crate) retry: bool,
}

/// The `error` of a reply.
#[derive(Debug, PartialEq, Serialize)]
pub(crate) struct RpcError {
    /// One of [`number`].
    pub(crate) code: i32,
    /// For the engineer: what and where.
    pub(crate) message: String,
    /// For the user.
    pub(crate) data: ErrorData,
}

impl RpcError {
    /// An error in the frame or the parameters: the caller's program is wrong, and its user can do nothing about it.
    pub(crate) fn of_caller(code: i32, name: &str, message: String) -> Self {
        let data = ErrorData {
            code: name.into(),
            text: message.clone(),
            speech: message.clone(),
            retry: false,
        };
        Self {
            code,
            message,
            data,
        }
    }

    fn invalid_request(message: impl Into<String>) -> Self {
        Self::of_caller(number::INVALID_REQUEST, "invalid_request", message.into())
    }

    /// The parameters are wrong: `message` says what and where.
    pub(crate) fn invalid_params(message: impl Into<String>) -> Self {
        Self::of_caller(number::INVALID_PARAMS, "invalid_params", message.into())
    }

    /// There is no method `name`.
    pub(crate) fn method_not_found(name: &str) -> Self {
        Self::of_caller(
            number::METHOD_NOT_FOUND,
            "method_not_found",
            format!("there is no method {name:?}"),
        )
    }
}

/// A line that is no request, with the id to answer under (`null` where none could be read).
#[derive(Debug, PartialEq)]
pub(crate) struct BadLine {
    /// Id for the reply.
    pub(crate) id: Value,
    /// What is wrong.
    pub(crate) error: RpcError,
}

/// The request on `line` (without its line break).
pub(crate) fn parse(line: &[u8]) -> Result<Request, BadLine> {
    let bad = |id: &Value, error| BadLine {
        id: id.clone(),
        error,
    };
    let parse_error = |why: String| {
        bad(
            &Value::Null,
            RpcError::of_caller(number::PARSE, "parse_error", why),
        )
    };
    if line.len() > MAX_LINE {
        return Err(parse_error(format!("line longer than {MAX_LINE} bytes")));
    }
    let value: Value =
        serde_json::from_slice(line).map_err(|e| parse_error(format!("not JSON: {e}")))?;
    let Value::Object(mut object) = value else {
        let why = match value {
            Value::Array(_) => "batches are not taken: one object a line",
            _ => "not an object",
        };
        return Err(bad(&Value::Null, RpcError::invalid_request(why)));
    };
    let id = object.remove("id");
    let reply_id = match &id {
        Some(id @ (Value::String(_) | Value::Number(_) | Value::Null)) => id.clone(),
        None => Value::Null,
        Some(_) => {
            return Err(bad(
                &Value::Null,
                RpcError::invalid_request("id is neither string, number nor null"),
            ));
        }
    };
    if object.get("jsonrpc").and_then(Value::as_str) != Some("2.0") {
        return Err(bad(
            &reply_id,
            RpcError::invalid_request("jsonrpc is not \"2.0\""),
        ));
    }
    let method = match object.remove("method") {
        Some(Value::String(method)) => method,
        Some(_) => {
            return Err(bad(
                &reply_id,
                RpcError::invalid_request("method is not a string"),
            ));
        }
        None => {
            return Err(bad(
                &reply_id,
                RpcError::invalid_request("method is missing"),
            ));
        }
    };
    let params = match object.remove("params") {
        None => Map::new(),
        Some(Value::Object(params)) => params,
        Some(_) => {
            return Err(bad(
                &reply_id,
                RpcError::invalid_params("params: expected an object with names"),
            ));
        }
    };
    Ok(Request { id, method, params })
}

/// The reply to `id` as one line, with its line break.
pub(crate) fn reply(id: &Value, outcome: Result<Value, RpcError>) -> String {
    line(match outcome {
        Ok(result) => json!({"jsonrpc": "2.0", "id": id, "result": result}),
        Err(error) => json!({"jsonrpc": "2.0", "id": id, "error": error}),
    })
}

/// A notification as one line, with its line break.
pub(crate) fn notification(method: &str, params: Value) -> String {
    line(json!({"jsonrpc": "2.0", "method": method, "params": params}))
}

fn line(value: Value) -> String {
    format!("{value}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(line: &str) -> (i32, Value) {
        let bad = parse(line.as_bytes()).unwrap_err();
        (bad.error.code, bad.id)
    }

    #[test]
    fn a_line_that_is_no_json_is_a_parse_error_under_a_null_id() {
        for line in ["", " ", "{", "hello", "{\"a\":1}{", "\u{0}"] {
            assert_eq!(code(line), (number::PARSE, Value::Null), "{line:?}");
        }
        assert_eq!(parse(b"\"\xff\"").unwrap_err().error.code, number::PARSE);
    }

    #[test]
    fn json_that_is_no_request_is_answered_under_its_own_id_where_it_has_one() {
        assert_eq!(code("[]"), (number::INVALID_REQUEST, Value::Null));
        assert_eq!(code("7"), (number::INVALID_REQUEST, Value::Null));
        assert_eq!(
            code(r#"{"jsonrpc":"2.0","id":{},"method":"home"}"#),
            (number::INVALID_REQUEST, Value::Null)
        );
        assert_eq!(
            code(r#"{"id":4,"method":"home"}"#),
            (number::INVALID_REQUEST, json!(4))
        );
        assert_eq!(
            code(r#"{"jsonrpc":"2.0","id":"a"}"#),
            (number::INVALID_REQUEST, json!("a"))
        );
        assert_eq!(
            code(r#"{"jsonrpc":"2.0","id":5,"method":"home","params":[1]}"#),
            (number::INVALID_PARAMS, json!(5))
        );
    }

    #[test]
    fn a_line_beyond_the_limit_is_refused_before_it_is_parsed() {
        let long = vec![b'['; MAX_LINE + 1];
        let bad = parse(&long).unwrap_err();
        assert_eq!(bad.error.code, number::PARSE);
        assert!(bad.error.message.contains("longer than"));
    }

    #[test]
    fn a_request_without_params_has_none() {
        let request = parse(br#"{"jsonrpc":"2.0","id":null,"method":"home"}"#).unwrap();
        assert_eq!(request.id, Some(Value::Null));
        assert!(request.params.is_empty());
        let notification = parse(br#"{"jsonrpc":"2.0","method":"home","params":{}}"#).unwrap();
        assert_eq!(notification.id, None);
    }
}

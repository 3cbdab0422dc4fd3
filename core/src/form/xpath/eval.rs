//! From [`Expr`] to [`Val`]: total, without errors, as a form on a phone must be.

use jiff::civil::Date;
use jiff::{Span, Unit};

use super::{Expr, Function, Operator, Reference, Val};

/// What an expression may ask about the interview that it stands in.
pub trait Scope {
    /// The answer to a question, or a field of the record that it names; empty where there is none.
    fn value(&self, reference: &Reference) -> Val;
    /// The words of the chosen answer.
    fn label(&self, reference: &Reference) -> String;
    /// The answer under test.
    fn current(&self) -> Val;
    /// The day, in the user's time zone.
    fn today(&self) -> Date;
    /// Whether the record exists already.
    fn amending(&self) -> bool;
    /// Whether the town sent the record back.
    fn returned(&self) -> bool;
}

impl Val {
    /// As a condition: XPath's boolean().
    pub fn truth(&self) -> bool {
        match self {
            Self::Bool(b) => *b,
            Self::Number(n) => *n != 0.0 && !n.is_nan(),
            Self::Text(_) | Self::Codes(_) => !self.is_empty(),
        }
    }

    /// As text: XPath's string(); several codes are separated by spaces, as in XLSForm.
    pub fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Number(n) => n.to_string(),
            Self::Bool(b) => b.to_string(),
            Self::Codes(codes) => codes.join(" "),
        }
    }

    fn number(&self) -> f64 {
        match self {
            Self::Number(n) => *n,
            Self::Bool(b) => f64::from(u8::from(*b)),
            Self::Text(_) | Self::Codes(_) => self.text().trim().parse().unwrap_or(f64::NAN),
        }
    }

    fn date(&self) -> Option<Date> {
        match self {
            // Only the form with hyphens: eight digits are a number.
            Self::Text(text) if text.contains('-') => text.parse().ok(),
            _ => None,
        }
    }
}

/// Evaluates.
pub fn eval(expr: &Expr, scope: &dyn Scope) -> Val {
    match expr {
        Expr::Literal(value) => value.clone(),
        Expr::Reference(reference) => scope.value(reference),
        Expr::Current => scope.current(),
        Expr::Negate(inner) => Val::Number(-eval(inner, scope).number()),
        Expr::Call(function, arguments) => call(*function, arguments, scope),
        Expr::Binary(operator, left, right) => binary(*operator, left, right, scope),
    }
}

fn call(function: Function, arguments: &[Expr], scope: &dyn Scope) -> Val {
    let argument = |n: usize| arguments.get(n).map_or(Val::empty(), |e| eval(e, scope));
    let reference = match arguments.first() {
        Some(Expr::Reference(reference)) => Some(reference),
        _ => None,
    };
    match function {
        Function::Not => Val::Bool(!argument(0).truth()),
        Function::True => Val::Bool(true),
        Function::False => Val::Bool(false),
        Function::Today => Val::Text(scope.today().to_string()),
        Function::Selected => {
            let wanted = argument(1).text();
            Val::Bool(codes(argument(0)).contains(&wanted))
        }
        Function::CountSelected => Val::Number(codes(argument(0)).len() as f64),
        Function::If => argument(if argument(0).truth() { 1 } else { 2 }),
        Function::Coalesce => match argument(0) {
            first if first.is_empty() => argument(1),
            first => first,
        },
        Function::Amending => Val::Bool(scope.amending()),
        Function::Returned => Val::Bool(scope.returned()),
        Function::Label => Val::Text(reference.map_or(String::new(), |r| scope.label(r))),
    }
}

fn codes(value: Val) -> Vec<String> {
    match value {
        Val::Codes(codes) => codes,
        other => other.text().split_whitespace().map(Into::into).collect(),
    }
}

fn binary(operator: Operator, left: &Expr, right: &Expr, scope: &dyn Scope) -> Val {
    let a = eval(left, scope);
    match operator {
        Operator::Or => return Val::Bool(a.truth() || eval(right, scope).truth()),
        Operator::And => return Val::Bool(a.truth() && eval(right, scope).truth()),
        _ => {}
    }
    let b = eval(right, scope);
    match operator {
        Operator::Equal => Val::Bool(equal(&a, &b)),
        Operator::NotEqual => Val::Bool(!equal(&a, &b)),
        Operator::Less => Val::Bool(ordered(&a, &b, |o| o.is_lt())),
        Operator::LessOrEqual => Val::Bool(ordered(&a, &b, |o| o.is_le())),
        Operator::Greater => Val::Bool(ordered(&a, &b, |o| o.is_gt())),
        Operator::GreaterOrEqual => Val::Bool(ordered(&a, &b, |o| o.is_ge())),
        Operator::Minus => minus(&a, &b),
        // `or` and `and` have returned above.
        Operator::Plus | Operator::Or | Operator::And => plus(&a, &b),
    }
}

fn equal(a: &Val, b: &Val) -> bool {
    match (a, b) {
        // What was not answered is neither yes nor no.
        _ if a.is_empty() || b.is_empty() => a.is_empty() == b.is_empty(),
        (Val::Bool(_), _) | (_, Val::Bool(_)) => a.truth() == b.truth(),
        (Val::Number(_), _) | (_, Val::Number(_)) => a.number() == b.number(),
        _ => a.text() == b.text(),
    }
}

/// Numbers and dates have an order; whatever else is compared is false, as in XPath with NaN.
fn ordered(a: &Val, b: &Val, holds: fn(std::cmp::Ordering) -> bool) -> bool {
    match (a.date(), b.date()) {
        (Some(a), Some(b)) => holds(a.cmp(&b)),
        _ => a.number().partial_cmp(&b.number()).is_some_and(holds),
    }
}

fn plus(a: &Val, b: &Val) -> Val {
    match (a.date(), b.date()) {
        (Some(date), None) => shifted(date, b.number()),
        (None, Some(date)) => shifted(date, a.number()),
        _ => Val::Number(a.number() + b.number()),
    }
}

fn minus(a: &Val, b: &Val) -> Val {
    match (a.date(), b.date()) {
        (Some(date), None) => shifted(date, -b.number()),
        (Some(a), Some(b)) => {
            let days = a.since((Unit::Day, b)).map(|span| span.get_days());
            Val::Number(days.map_or(f64::NAN, f64::from))
        }
        _ => Val::Number(a.number() - b.number()),
    }
}

/// A date some days on; empty where that is no date.
fn shifted(date: Date, days: f64) -> Val {
    if days.is_nan() || days.abs() > 4_000_000.0 {
        return Val::empty();
    }
    Span::new()
        .try_days(days as i64)
        .and_then(|span| date.checked_add(span))
        .map_or(Val::empty(), |date| Val::Text(date.to_string()))
}

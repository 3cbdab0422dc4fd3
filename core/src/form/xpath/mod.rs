//! The small part of XPath that XLSForm uses in `relevant`, `constraint` and calculations.
//!
//! `${question}`, `${question/field}` (a field of the record that the answer names), `.` (the answer under test),
//! `'text'`, numbers, `= != < <= > >=`, `and`, `or`, `+`, `-`, and the functions of [`Function`]. It knows nothing of
//! forms: what a reference means, its [`Scope`] says.

mod eval;
mod parse;

pub use eval::{Scope, eval};

use std::fmt;

/// What an expression yields. An absent answer is the empty text.
#[derive(Debug, Clone, PartialEq)]
pub enum Val {
    /// Text, a code, an id or an ISO date.
    Text(String),
    /// A number; not a number where a text that is none was used as one.
    Number(f64),
    /// Yes or no.
    Bool(bool),
    /// The codes of a question with several answers.
    Codes(Vec<String>),
}

impl Val {
    /// No answer.
    pub fn empty() -> Self {
        Self::Text(String::new())
    }

    /// Whether there is no answer.
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Text(text) => text.is_empty(),
            Self::Codes(codes) => codes.is_empty(),
            Self::Number(_) | Self::Bool(_) => false,
        }
    }
}

/// Functions, with the names that XLSForm gives them where it has them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Function {
    /// `not(x)`.
    Not,
    /// `true()`.
    True,
    /// `false()`.
    False,
    /// `today()`: ISO date.
    Today,
    /// `selected(${x}, 'code')`.
    Selected,
    /// `count-selected(${x})`.
    CountSelected,
    /// `if(condition, then, else)`.
    If,
    /// `coalesce(a, b)`: the first that is not empty.
    Coalesce,
    /// `amending()`: whether the record exists already.
    Amending,
    /// `returned()`: whether the town sent the record back.
    Returned,
    /// `label(${x})`: the words of the chosen answer instead of its code.
    Label,
}

impl Function {
    const ALL: [(&'static str, Self, usize); 11] = [
        ("not", Self::Not, 1),
        ("true", Self::True, 0),
        ("false", Self::False, 0),
        ("today", Self::Today, 0),
        ("selected", Self::Selected, 2),
        ("count-selected", Self::CountSelected, 1),
        ("if", Self::If, 3),
        ("coalesce", Self::Coalesce, 2),
        ("amending", Self::Amending, 0),
        ("returned", Self::Returned, 0),
        ("label", Self::Label, 1),
    ];

    /// The function of a name and its number of arguments.
    fn of(name: &str) -> Option<(Self, usize)> {
        Self::ALL
            .iter()
            .find(|(n, ..)| *n == name)
            .map(|(_, function, arguments)| (*function, *arguments))
    }

    /// Whether its argument must be a `${reference}`.
    fn takes_reference(self) -> bool {
        matches!(self, Self::Label)
    }
}

/// Operators between two expressions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// `or`.
    Or,
    /// `and`.
    And,
    /// `=`.
    Equal,
    /// `!=`.
    NotEqual,
    /// `<`.
    Less,
    /// `<=`.
    LessOrEqual,
    /// `>`.
    Greater,
    /// `>=`.
    GreaterOrEqual,
    /// `+`.
    Plus,
    /// `-`.
    Minus,
}

/// A `${name}` or `${name/field}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// Name of a question, or of the form's subject.
    pub name: String,
    /// Field path inside the record that the answer names.
    pub field: Option<String>,
}

/// A parsed expression.
#[derive(Debug, Clone, PartialEq)]
pub enum Expr {
    /// A constant.
    Literal(Val),
    /// An answer.
    Reference(Reference),
    /// The answer under test.
    Current,
    /// A function with its arguments, whose number fits.
    Call(Function, Vec<Expr>),
    /// Two expressions and what joins them.
    Binary(Operator, Box<Expr>, Box<Expr>),
    /// `-x`.
    Negate(Box<Expr>),
}

/// What is wrong in an expression, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} at character {at}")]
pub struct ExprError {
    /// What is wrong.
    pub what: String,
    /// Position, in characters from 1.
    pub at: usize,
}

impl Expr {
    /// Reads an expression. Errors say what was expected and where.
    pub fn parse(text: &str) -> Result<Self, ExprError> {
        parse::parse(text)
    }

    /// Joins two conditions with `and`; an absent one is true.
    pub fn both(left: Option<Self>, right: Option<Self>) -> Option<Self> {
        match (left, right) {
            (Some(left), Some(right)) => {
                Some(Self::Binary(Operator::And, Box::new(left), Box::new(right)))
            }
            (one, other) => one.or(other),
        }
    }

    /// All references, in the order of the text.
    pub fn references(&self) -> Vec<&Reference> {
        match self {
            Self::Reference(reference) => vec![reference],
            Self::Call(_, arguments) => arguments.iter().flat_map(Self::references).collect(),
            Self::Binary(_, left, right) => {
                let mut all = left.references();
                all.extend(right.references());
                all
            }
            Self::Negate(inner) => inner.references(),
            Self::Literal(_) | Self::Current => Vec::new(),
        }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.field {
            Some(field) => write!(f, "${{{}/{field}}}", self.name),
            None => write!(f, "${{{}}}", self.name),
        }
    }
}

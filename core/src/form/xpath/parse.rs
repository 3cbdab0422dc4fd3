//! From text to [`Expr`]: a recursive descent that knows its position and its depth.

use super::{Expr, ExprError, Function, Operator, Reference, Val};

/// Longest expression, in characters.
const MAX_CHARS: usize = 2000;
/// Deepest nesting; a form needs three or four.
const MAX_DEPTH: usize = 40;

pub(super) fn parse(text: &str) -> Result<Expr, ExprError> {
    let mut parser = Parser {
        chars: text.chars().collect(),
        at: 0,
        depth: 0,
    };
    if parser.chars.len() > MAX_CHARS {
        return Err(ExprError {
            what: format!("longer than {MAX_CHARS} characters"),
            at: MAX_CHARS,
        });
    }
    let expr = parser.or()?;
    parser.space();
    match parser.peek() {
        None => Ok(expr),
        Some(c) => Err(parser.error(format!("unexpected '{c}'"))),
    }
}

struct Parser {
    chars: Vec<char>,
    at: usize,
    depth: usize,
}

impl Parser {
    fn error(&self, what: impl Into<String>) -> ExprError {
        ExprError {
            what: what.into(),
            at: self.at + 1,
        }
    }

    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn space(&mut self) {
        while self.peek().is_some_and(char::is_whitespace) {
            self.at += 1;
        }
    }

    /// Takes `text` if it stands here; a word only if no letter follows it.
    fn take(&mut self, text: &str) -> bool {
        self.space();
        let end = self.at + text.chars().count();
        let here = self
            .chars
            .get(self.at..end)
            .is_some_and(|c| c.iter().copied().eq(text.chars()));
        let word = text.chars().all(|c| c.is_ascii_alphabetic());
        let cut = word && self.chars.get(end).copied().is_some_and(is_name);
        if here && !cut {
            self.at = end;
        }
        here && !cut
    }

    fn expect(&mut self, text: &str) -> Result<(), ExprError> {
        if self.take(text) {
            Ok(())
        } else {
            Err(self.error(format!("expected '{text}'")))
        }
    }

    fn chain(
        &mut self,
        operators: &[(&str, Operator)],
        next: fn(&mut Self) -> Result<Expr, ExprError>,
    ) -> Result<Expr, ExprError> {
        let mut left = next(self)?;
        'more: loop {
            // Each link nests the tree one deeper, and evaluation recurses.
            for (text, operator) in operators {
                if self.take(text) {
                    let right = next(self)?;
                    left = Expr::Binary(*operator, Box::new(left), Box::new(right));
                    continue 'more;
                }
            }
            return Ok(left);
        }
    }

    fn or(&mut self) -> Result<Expr, ExprError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.error(format!("nested deeper than {MAX_DEPTH}")));
        }
        let expr = self.chain(&[("or", Operator::Or)], Self::and);
        self.depth -= 1;
        expr
    }

    fn and(&mut self) -> Result<Expr, ExprError> {
        self.chain(&[("and", Operator::And)], Self::comparison)
    }

    fn comparison(&mut self) -> Result<Expr, ExprError> {
        self.chain(
            &[
                ("!=", Operator::NotEqual),
                ("<=", Operator::LessOrEqual),
                (">=", Operator::GreaterOrEqual),
                ("=", Operator::Equal),
                ("<", Operator::Less),
                (">", Operator::Greater),
            ],
            Self::sum,
        )
    }

    fn sum(&mut self) -> Result<Expr, ExprError> {
        self.chain(
            &[("+", Operator::Plus), ("-", Operator::Minus)],
            Self::unary,
        )
    }

    fn unary(&mut self) -> Result<Expr, ExprError> {
        if self.take("-") {
            Ok(Expr::Negate(Box::new(self.primary()?)))
        } else {
            self.primary()
        }
    }

    fn primary(&mut self) -> Result<Expr, ExprError> {
        self.space();
        match self.peek() {
            None => Err(self.error("expected an expression, found the end")),
            Some('(') => {
                self.at += 1;
                let inner = self.or()?;
                self.expect(")")?;
                Ok(inner)
            }
            Some('$') => self.reference().map(Expr::Reference),
            Some(quote @ ('\'' | '"')) => self.text(quote),
            Some('.')
                if !self
                    .chars
                    .get(self.at + 1)
                    .is_some_and(char::is_ascii_digit) =>
            {
                self.at += 1;
                Ok(Expr::Current)
            }
            Some(c) if c.is_ascii_digit() || c == '.' => self.number(),
            Some(c) if c.is_ascii_alphabetic() => self.call(),
            Some(c) => Err(self.error(format!("unexpected '{c}'"))),
        }
    }

    fn text(&mut self, quote: char) -> Result<Expr, ExprError> {
        let start = self.at + 1;
        let Some(length) = self.chars[start..].iter().position(|c| *c == quote) else {
            return Err(self.error("text without an end"));
        };
        self.at = start + length + 1;
        Ok(Expr::Literal(Val::Text(
            self.chars[start..start + length].iter().collect(),
        )))
    }

    fn number(&mut self) -> Result<Expr, ExprError> {
        let start = self.at;
        while self.peek().is_some_and(|c| c.is_ascii_digit() || c == '.') {
            self.at += 1;
        }
        let text: String = self.chars[start..self.at].iter().collect();
        match text.parse() {
            Ok(number) => Ok(Expr::Literal(Val::Number(number))),
            Err(_) => {
                self.at = start;
                Err(self.error(format!("not a number: {text}")))
            }
        }
    }

    fn name(&mut self) -> String {
        let start = self.at;
        while self.peek().is_some_and(is_name) {
            self.at += 1;
        }
        self.chars[start..self.at].iter().collect()
    }

    fn reference(&mut self) -> Result<Reference, ExprError> {
        self.expect("${")?;
        let name = self.name();
        if name.is_empty() {
            return Err(self.error("expected a question's name"));
        }
        let mut field = String::new();
        while self.peek() == Some('/') {
            self.at += 1;
            let part = self.name();
            if part.is_empty() {
                return Err(self.error("expected a field's name"));
            }
            if !field.is_empty() {
                field.push('/');
            }
            field.push_str(&part);
        }
        self.expect("}")?;
        Ok(Reference {
            name,
            field: (!field.is_empty()).then_some(field),
        })
    }

    fn call(&mut self) -> Result<Expr, ExprError> {
        let start = self.at;
        let name = self.name();
        let Some((function, count)) = Function::of(&name) else {
            self.at = start;
            return Err(self.error(format!("unknown function {name}")));
        };
        self.expect("(")?;
        let mut arguments = Vec::with_capacity(count);
        for n in 0..count {
            if n > 0 {
                self.expect(",")?;
            }
            arguments.push(self.or()?);
        }
        self.expect(")")?;
        let reference = matches!(arguments.first(), Some(Expr::Reference(r)) if r.field.is_none());
        if function.takes_reference() && !reference {
            self.at = start;
            return Err(self.error(format!("{name}() takes a ${{question}}")));
        }
        Ok(Expr::Call(function, arguments))
    }
}

fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '-'
}

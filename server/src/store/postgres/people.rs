//! [`People`] on PostgreSQL.

use tokio_postgres::Row;
use tokio_postgres::types::ToSql;
use xunge_protocol::{Hash32, Timestamp};

use super::row::{self, Text, signed};
use super::tx::PgTx;
use crate::account::token::TokenRole;
use crate::store::{People, StoreError, StoreResult, UserRow};

const COLUMNS: &str =
    "\"user\", login, name, role, scope, password, totp_secret, totp_step, failures, locked_until,
    created_at, disabled_at";

fn user_row(r: &Row) -> StoreResult<UserRow> {
    let role: String = r.try_get(3)?;
    Ok(UserRow {
        id: r.try_get(0)?,
        login: r.try_get(1)?,
        name: r.try_get(2)?,
        role: role
            .parse()
            .map_err(|_| StoreError::Corrupt(format!("role {role}")))?,
        scope: row::scope(r, 4)?,
        password: r.try_get(5)?,
        totp_secret: r.try_get(6)?,
        totp_step: row::number(r, 7)?,
        failures: row::number(r, 8)?,
        locked_until: row::maybe_time(r, 9)?,
        created_at: row::time(r, 10)?,
        disabled_at: row::maybe_time(r, 11)?,
    })
}

impl PgTx<'_> {
    fn one_user(&self, column: &str, value: &str) -> StoreResult<Option<UserRow>> {
        self.query_opt(
            &format!("SELECT {COLUMNS} FROM users WHERE county = $1 AND {column} = $2"),
            &[&self.county(), &Text(value)],
        )?
        .map(|r| user_row(&r))
        .transpose()
    }

    fn set_user(&self, set: &str, id: &str, value: &(dyn ToSql + Sync)) -> StoreResult<()> {
        let sql = format!("UPDATE users SET {set} WHERE county = $1 AND \"user\" = $2");
        self.execute(&sql, &[&self.county(), &Text(id), value])?;
        Ok(())
    }
}

impl People for PgTx<'_> {
    fn user(&self, id: &str) -> StoreResult<Option<UserRow>> {
        self.one_user("\"user\"", id)
    }

    fn user_by_login(&self, login: &str) -> StoreResult<Option<UserRow>> {
        self.one_user("login", login)
    }

    fn users(&self) -> StoreResult<Vec<UserRow>> {
        let rows = self.query(
            &format!("SELECT {COLUMNS} FROM users WHERE county = $1 ORDER BY login"),
            &[&self.county()],
        )?;
        rows.iter().map(user_row).collect()
    }

    fn insert_user(&self, user: &UserRow) -> StoreResult<()> {
        self.execute(
            &format!(
                "INSERT INTO users (county, {COLUMNS})
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)"
            ),
            &[
                &self.county(),
                &Text(&user.id),
                &Text(&user.login),
                &Text(&user.name),
                &user.role.name(),
                &user.scope.0,
                &Text(&user.password),
                &user.totp_secret,
                &signed(user.totp_step),
                &i64::from(user.failures),
                &user.locked_until.map(|t| t.0),
                &user.created_at.0,
                &user.disabled_at.map(|t| t.0),
            ],
        )?;
        Ok(())
    }

    fn note_sign_in(&self, id: &str, step: u64) -> StoreResult<bool> {
        let changed = self.execute(
            "UPDATE users SET totp_step = $3, failures = 0, locked_until = NULL
             WHERE county = $1 AND \"user\" = $2 AND totp_step < $3",
            &[&self.county(), &Text(id), &signed(step)],
        )?;
        Ok(changed == 1)
    }

    fn note_failure(&self, id: &str, locked_until: Option<Timestamp>) -> StoreResult<()> {
        self.set_user(
            "failures = failures + 1, locked_until = $3",
            id,
            &locked_until.map(|t| t.0),
        )
    }

    fn set_password(&self, id: &str, phc: &str) -> StoreResult<()> {
        self.set_user("password = $3", id, &phc)
    }

    fn disable_user(&self, id: &str, at: Timestamp) -> StoreResult<()> {
        self.set_user("disabled_at = $3", id, &at.0)
    }

    fn insert_token(&self, fingerprint: Hash32, role: TokenRole, at: Timestamp) -> StoreResult<()> {
        self.execute(
            "INSERT INTO tokens (county, token_hash, role, created_at) VALUES ($1, $2, $3, $4)",
            &[&self.county(), &fingerprint.0, &role.name(), &at.0],
        )?;
        Ok(())
    }

    fn token_role(&self, fingerprint: Hash32) -> StoreResult<Option<TokenRole>> {
        self.query_opt(
            "SELECT role FROM tokens WHERE county = $1 AND token_hash = $2 AND revoked_at IS NULL",
            &[&self.county(), &fingerprint.0],
        )?
        .map(|r| {
            let role: String = r.try_get(0)?;
            role.parse()
                .map_err(|_| StoreError::Corrupt(format!("token role {role}")))
        })
        .transpose()
    }

    fn secret(&self, name: &str) -> StoreResult<Option<[u8; 32]>> {
        self.query_opt(
            "SELECT value FROM secrets WHERE county = $1 AND name = $2",
            &[&self.county(), &Text(name)],
        )?
        .map(|r| row::bytes(&r, 0))
        .transpose()
    }

    fn insert_secret(&self, name: &str, value: &[u8; 32]) -> StoreResult<()> {
        self.execute(
            "INSERT INTO secrets (county, name, value) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
            &[&self.county(), &Text(name), value],
        )?;
        Ok(())
    }
}

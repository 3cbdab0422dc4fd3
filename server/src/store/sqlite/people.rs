//! [`People`] on SQLite.

use rusqlite::{OptionalExtension as _, Row, params};
use xunge_protocol::{Hash32, ScopeId, Timestamp};

use super::SqliteTx;
use super::row::{self, Bytes, Millis, signed, unsigned};
use crate::account::token::TokenRole;
use crate::store::{People, StoreError, StoreResult, UserRow};

const COLUMNS: &str =
    "user, login, name, role, scope, password, totp_secret, totp_step, failures, locked_until,
    created_at, disabled_at";

fn user_row(r: &Row<'_>) -> rusqlite::Result<Result<UserRow, StoreError>> {
    let role: String = r.get(3)?;
    let role = match role.parse() {
        Ok(role) => role,
        Err(_) => return Ok(Err(StoreError::Corrupt(format!("role {role}")))),
    };
    Ok(Ok(UserRow {
        id: r.get(0)?,
        login: r.get(1)?,
        name: r.get(2)?,
        role,
        scope: ScopeId(r.get::<_, Bytes<8>>(4)?.0),
        password: r.get(5)?,
        totp_secret: r.get(6)?,
        totp_step: unsigned(r.get(7)?),
        failures: r.get(8)?,
        locked_until: row::time(r, 9)?,
        created_at: r.get::<_, Millis>(10)?.0,
        disabled_at: row::time(r, 11)?,
    }))
}

impl SqliteTx<'_> {
    fn one_user(&self, column: &str, value: &str) -> StoreResult<Option<UserRow>> {
        self.sql()
            .prepare_cached(&format!(
                "SELECT {COLUMNS} FROM users WHERE county = ?1 AND {column} = ?2"
            ))?
            .query_row(params![self.county(), value], user_row)
            .optional()?
            .transpose()
    }

    fn set_user(&self, sql: &str, id: &str, value: &dyn rusqlite::ToSql) -> StoreResult<bool> {
        let sql = format!("UPDATE users SET {sql} WHERE county = ?1 AND user = ?2");
        let mut update = self.sql().prepare_cached(&sql)?;
        Ok(update.execute(params![self.county(), id, value])? == 1)
    }
}

impl People for SqliteTx<'_> {
    fn user(&self, id: &str) -> StoreResult<Option<UserRow>> {
        self.one_user("user", id)
    }

    fn user_by_login(&self, login: &str) -> StoreResult<Option<UserRow>> {
        self.one_user("login", login)
    }

    fn users(&self) -> StoreResult<Vec<UserRow>> {
        let mut query = self.sql().prepare_cached(&format!(
            "SELECT {COLUMNS} FROM users WHERE county = ?1 ORDER BY login"
        ))?;
        let rows = query.query_map(params![self.county()], user_row)?;
        rows.map(|row| row?).collect()
    }

    fn insert_user(&self, user: &UserRow) -> StoreResult<()> {
        self.sql()
            .prepare_cached(&format!(
                "INSERT INTO users (county, {COLUMNS})
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)"
            ))?
            .execute(params![
                self.county(),
                user.id,
                user.login,
                user.name,
                user.role.name(),
                Bytes(user.scope.0),
                user.password,
                user.totp_secret,
                signed(user.totp_step),
                user.failures,
                user.locked_until.map(Millis),
                Millis(user.created_at),
                user.disabled_at.map(Millis)
            ])?;
        Ok(())
    }

    fn note_sign_in(&self, id: &str, step: u64) -> StoreResult<bool> {
        let changed = self
            .sql()
            .prepare_cached(
                "UPDATE users SET totp_step = ?3, failures = 0, locked_until = NULL
                 WHERE county = ?1 AND user = ?2 AND totp_step < ?3",
            )?
            .execute(params![self.county(), id, signed(step)])?;
        Ok(changed == 1)
    }

    fn note_failure(&self, id: &str, locked_until: Option<Timestamp>) -> StoreResult<()> {
        let until = locked_until.map(Millis);
        self.set_user("failures = failures + 1, locked_until = ?3", id, &until)?;
        Ok(())
    }

    fn set_password(&self, id: &str, phc: &str) -> StoreResult<()> {
        self.set_user("password = ?3", id, &phc)?;
        Ok(())
    }

    fn disable_user(&self, id: &str, at: Timestamp) -> StoreResult<()> {
        self.set_user("disabled_at = ?3", id, &Millis(at))?;
        Ok(())
    }

    fn insert_token(&self, fingerprint: Hash32, role: TokenRole, at: Timestamp) -> StoreResult<()> {
        self.sql().execute(
            "INSERT INTO tokens (county, token_hash, role, created_at) VALUES (?1, ?2, ?3, ?4)",
            params![self.county(), Bytes(fingerprint.0), role.name(), Millis(at)],
        )?;
        Ok(())
    }

    fn token_role(&self, fingerprint: Hash32) -> StoreResult<Option<TokenRole>> {
        let role: Option<String> = self
            .sql()
            .prepare_cached(
                "SELECT role FROM tokens WHERE county = ?1 AND token_hash = ?2 AND revoked_at IS NULL",
            )?
            .query_row(params![self.county(), Bytes(fingerprint.0)], |r| r.get(0))
            .optional()?;
        role.map(|role| {
            role.parse()
                .map_err(|_| StoreError::Corrupt(format!("token role {role}")))
        })
        .transpose()
    }

    fn secret(&self, name: &str) -> StoreResult<Option<[u8; 32]>> {
        Ok(self
            .sql()
            .prepare_cached("SELECT value FROM secrets WHERE county = ?1 AND name = ?2")?
            .query_row(params![self.county(), name], |r| {
                Ok(r.get::<_, Bytes<32>>(0)?.0)
            })
            .optional()?)
    }

    fn insert_secret(&self, name: &str, value: &[u8; 32]) -> StoreResult<()> {
        self.sql().execute(
            "INSERT OR IGNORE INTO secrets (county, name, value) VALUES (?1, ?2, ?3)",
            params![self.county(), name, Bytes(*value)],
        )?;
        Ok(())
    }
}

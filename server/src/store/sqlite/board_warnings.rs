//! Warnings for the console: over all grids, household by household.

use xunge_protocol::{RecordId, ScopeId};

use super::SqliteTx;
use super::board::{Where, text};
use super::records::{COLUMNS, record};
use super::row::{self, Bytes, unsigned};
use crate::store::{
    CampaignRow, Outcome, RecipientRow, RecordRow, Records as _, StoreResult, Tally, Window,
};

const CAMPAIGN: &str = "CAST(json_extract(records.json, '$.fields.campaign') AS TEXT)";

/// States of an acknowledgement after which the household has heard the warning; `W41` is nobody at home.
const HEARD: &str = "('W30', 'W40', 'W42', 'W50', 'W60')";

/// Table `told` of the households of some warnings: warning, scope, household, and the state of the acknowledgement.
fn told(conditions: &str) -> String {
    format!(
        "WITH meant AS (SELECT scope, record AS warning, unhex(e.value) AS household
             FROM records, json_each(records.json, '$.fields.households') e WHERE {conditions}),
           told AS (SELECT m.*, a.record AS ack, a.state AS outcome FROM meant m LEFT JOIN records a
             ON a.scope = m.scope AND a.warning = m.warning AND a.household = m.household)"
    )
}

fn days(all: &mut Where, days: Option<(&str, &str)>) {
    if let Some((from, to)) = days {
        all.and("day >= ? AND day < ?", [text(from), text(to)]);
    }
}

impl SqliteTx<'_> {
    fn warnings(&self, scopes: &[ScopeId], campaign: Option<&str>) -> Where {
        let mut all = Where::records(scopes);
        all.and("kind = 5", []);
        if let Some(campaign) = campaign {
            all.and(&format!("{CAMPAIGN} = ?"), [text(campaign)]);
        }
        all
    }

    pub(super) fn campaign_count(
        &self,
        scopes: &[ScopeId],
        within: Option<(&str, &str)>,
    ) -> StoreResult<u64> {
        let mut all = self.warnings(scopes, None);
        days(&mut all, within);
        self.count(
            &format!(
                "SELECT count(DISTINCT {CAMPAIGN}) FROM records WHERE {}",
                all.sql()
            ),
            all.values(None),
        )
    }

    pub(super) fn campaign_list(
        &self,
        scopes: &[ScopeId],
        window: Window,
    ) -> StoreResult<Vec<CampaignRow>> {
        let all = self.warnings(scopes, None);
        let sql = format!(
            "SELECT {CAMPAIGN}, max(received_at) FROM records WHERE {} GROUP BY 1
             ORDER BY 2 DESC, 1 LIMIT ? OFFSET ?",
            all.sql()
        );
        let names: Vec<String> = self
            .rows(&sql, all.values(Some(window)), |r| {
                r.get::<_, Option<String>>(0)
            })?
            .into_iter()
            .flatten()
            .collect();
        let mut campaigns = Vec::with_capacity(names.len());
        for campaign in names {
            if let Some(sample) = self.campaign_record(scopes, &campaign)? {
                campaigns.push(CampaignRow {
                    tally: self.campaign_tally(scopes, Some(&campaign), None, None)?,
                    sample,
                    campaign,
                });
            }
        }
        Ok(campaigns)
    }

    pub(super) fn campaign_record(
        &self,
        scopes: &[ScopeId],
        campaign: &str,
    ) -> StoreResult<Option<RecordRow>> {
        let all = self.warnings(scopes, Some(campaign));
        let sql = format!(
            "SELECT {COLUMNS} FROM records WHERE {} ORDER BY scope, record LIMIT 1",
            all.sql()
        );
        Ok(self.rows(&sql, all.values(None), record)?.pop())
    }

    pub(super) fn campaign_tally(
        &self,
        scopes: &[ScopeId],
        campaign: Option<&str>,
        within: Option<(&str, &str)>,
        today: Option<&str>,
    ) -> StoreResult<Tally> {
        let mut all = self.warnings(scopes, campaign);
        days(&mut all, within);
        if let Some(today) = today {
            all.and(
                "json_extract(records.json, '$.fields.expires_on') >= ?",
                [text(today)],
            );
        }
        let sql = format!(
            "{} SELECT count(*), count(*) FILTER (WHERE outcome IN {HEARD}),
               count(*) FILTER (WHERE outcome = 'W50') FROM told",
            told(all.sql())
        );
        let mut found = self.rows(&sql, all.values(None), |r| {
            let (total, heard, money) = (r.get(0)?, r.get(1)?, r.get(2)?);
            Ok(Tally {
                total: unsigned(total),
                heard: unsigned(heard),
                unheard: unsigned(total - heard),
                money: unsigned(money),
            })
        })?;
        Ok(found.pop().unwrap_or_default())
    }

    pub(super) fn campaign_recipients(
        &self,
        scopes: &[ScopeId],
        campaign: &str,
        outcome: Outcome,
        window: Window,
    ) -> StoreResult<Vec<RecipientRow>> {
        let all = self.warnings(scopes, Some(campaign));
        let meant = match outcome {
            Outcome::All => "1".into(),
            Outcome::Unheard => format!("(outcome IS NULL OR outcome NOT IN {HEARD})"),
            Outcome::Heard => format!("outcome IN {HEARD}"),
            Outcome::Money => "outcome = 'W50'".into(),
        };
        let sql = format!(
            "{} SELECT scope, household, ack FROM told WHERE {meant}
             ORDER BY coalesce(outcome = 'W50', 0) DESC, coalesce(outcome IN {HEARD}, 0), scope, household
             LIMIT ? OFFSET ?",
            told(all.sql())
        );
        let found = self.rows(&sql, all.values(Some(window)), |r| {
            Ok((
                ScopeId(r.get::<_, Bytes<8>>(0)?.0),
                RecordId(r.get::<_, Bytes<13>>(1)?.0),
                row::record(r, 2)?,
            ))
        })?;
        let mut recipients = Vec::with_capacity(found.len());
        for (scope, household, ack) in found {
            recipients.push(RecipientRow {
                household,
                scope,
                record: self.record(scope, household)?,
                ack: match ack {
                    Some(ack) => self.record(scope, ack)?,
                    None => None,
                },
            });
        }
        Ok(recipients)
    }
}

//! Warnings for the console: over all grids, household by household.

use xunge_protocol::ScopeId;

use super::board::{Where, field_json, field_text};
use super::records::{COLUMNS, record};
use super::row;
use super::tx::PgTx;
use crate::store::{
    CampaignRow, Outcome, RecipientRow, RecordRow, Records as _, StoreResult, Tally, Window,
};

/// States of an acknowledgement after which the household has heard the warning; `W41` is nobody at home.
const HEARD: &str = "('W30', 'W40', 'W42', 'W50', 'W60')";

/// Table `told` of the households of some warnings: warning, scope, household, and the state of the acknowledgement.
fn told(conditions: &str) -> String {
    let households = field_json("households");
    format!(
        "WITH meant AS (SELECT county, scope, record AS warning, decode(e.household, 'hex') AS household
             FROM records, jsonb_array_elements_text(
               CASE jsonb_typeof({households}) WHEN 'array' THEN {households} ELSE '[]' END) e (household)
             WHERE {conditions}),
           told AS (SELECT m.*, a.record AS ack, a.state AS outcome FROM meant m LEFT JOIN records a
             ON a.county = m.county AND a.scope = m.scope AND a.warning = m.warning AND a.household = m.household)"
    )
}

fn days(all: &mut Where, days: Option<(&str, &str)>) {
    if let Some((from, to)) = days {
        let (from, to) = (all.text(from), all.text(to));
        all.and(&format!("day >= {from} AND day < {to}"));
    }
}

impl PgTx<'_> {
    fn warnings(&self, scopes: &[ScopeId], campaign: Option<&str>) -> Where {
        // The very expression of an index.
        const CAMPAIGN: &str = "(json #>> '{fields,campaign}')";
        let mut all = Where::new(self.county(), "scope", scopes);
        all.and("kind = 5");
        if let Some(campaign) = campaign {
            let campaign = all.text(campaign);
            all.and(&format!("{CAMPAIGN} = {campaign}"));
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
        let campaign = field_text("campaign");
        self.count(
            &format!(
                "SELECT count(DISTINCT {campaign}) FROM records WHERE {}",
                all.sql()
            ),
            &all,
        )
    }

    pub(super) fn campaign_list(
        &self,
        scopes: &[ScopeId],
        window: Window,
    ) -> StoreResult<Vec<CampaignRow>> {
        let mut all = self.warnings(scopes, None);
        let page = all.window(window);
        let sql = format!(
            "SELECT {}, max(received_at) FROM records WHERE {} GROUP BY 1 ORDER BY 2 DESC, 1 NULLS FIRST {page}",
            field_text("campaign"),
            all.sql()
        );
        let mut campaigns = Vec::new();
        for r in self.rows(&sql, &all)? {
            let Some(campaign) = r.try_get::<_, Option<String>>(0)? else {
                continue;
            };
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
        self.rows(&sql, &all)?.first().map(record).transpose()
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
            let today = all.text(today);
            all.and(&format!("{} >= {today}", field_text("expires_on")));
        }
        let sql = format!(
            "{} SELECT count(*), count(*) FILTER (WHERE outcome IN {HEARD}),
               count(*) FILTER (WHERE outcome = 'W50') FROM told",
            told(all.sql())
        );
        let rows = self.rows(&sql, &all)?;
        let Some(r) = rows.first() else {
            return Ok(Tally::default());
        };
        let (total, heard) = (row::number(r, 0)?, row::number(r, 1)?);
        Ok(Tally {
            total,
            heard,
            unheard: total - heard,
            money: row::number(r, 2)?,
        })
    }

    pub(super) fn campaign_recipients(
        &self,
        scopes: &[ScopeId],
        campaign: &str,
        outcome: Outcome,
        window: Window,
    ) -> StoreResult<Vec<RecipientRow>> {
        let mut all = self.warnings(scopes, Some(campaign));
        let meant = match outcome {
            Outcome::All => "TRUE".into(),
            Outcome::Unheard => format!("(outcome IS NULL OR outcome NOT IN {HEARD})"),
            Outcome::Heard => format!("outcome IN {HEARD}"),
            Outcome::Money => "outcome = 'W50'".into(),
        };
        let page = all.window(window);
        let sql = format!(
            "{} SELECT scope, household, ack FROM told WHERE {meant}
             ORDER BY coalesce(outcome = 'W50', FALSE) DESC, coalesce(outcome IN {HEARD}, FALSE), scope, household {page}",
            told(all.sql())
        );
        let mut recipients = Vec::new();
        for r in self.rows(&sql, &all)? {
            let (scope, household) = (row::scope(&r, 0)?, row::record(&r, 1)?);
            recipients.push(RecipientRow {
                household,
                scope,
                record: self.record(scope, household)?,
                ack: match row::maybe_record(&r, 2)? {
                    Some(ack) => self.record(scope, ack)?,
                    None => None,
                },
            });
        }
        Ok(recipients)
    }
}

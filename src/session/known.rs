//! The prefixes that the store knows to be what a plan gives.

use camino::Utf8Path;
use serde::{Deserialize, Serialize};

use super::documents_again;
use crate::model::Sha256;
use crate::plan::Plan;
use crate::report::Reporter;
use crate::sbom::Context;
use crate::store::{Kind, Store};
use crate::verify::{fingerprint, verify};

/// What the store knows of the prefixes of a plan.
pub(super) struct KnownPrefixes<'a> {
    pub plan: &'a Plan,
    pub store: &'a Store,
    pub reporter: &'a dyn Reporter,
}

/// What is remembered of a prefix.
#[derive(Serialize, Deserialize)]
struct Intact {
    fingerprint: Sha256,
}

impl KnownPrefixes<'_> {
    /// Whether verifying would find nothing in the prefix at `at`, which by its manifest was made
    /// from the plan: what one command calls up to date must not be damaged to the other. A prefix
    /// that is as it was when this was asked the last time is not verified again.
    pub fn is_intact(&self, at: &Utf8Path, context: &Context<'_>) -> bool {
        let Some(fingerprint) = fingerprint(at) else {
            return false;
        };
        let record = self
            .store
            .record(Kind::Prefix, &self.key(fingerprint), self.reporter);
        // A store that can't be read says nothing; verifying does.
        if record
            .ok()
            .flatten()
            .is_some_and(|intact: Intact| intact.fingerprint == fingerprint)
        {
            return true;
        }
        let is_intact = verifies(at, self.plan, context);
        if is_intact {
            // What it was before it was verified: damage since then has another fingerprint.
            self.remember(fingerprint);
        }
        is_intact
    }

    /// Remembers a prefix that was just made or verified, by its fingerprint.
    pub fn remember(&self, fingerprint: Sha256) {
        // A store that can't be written costs the next build some time, and nothing else.
        let _ = self.store.keep_record(
            Kind::Prefix,
            &self.key(fingerprint),
            &Intact { fingerprint },
            self.reporter,
        );
    }

    fn key(&self, fingerprint: Sha256) -> Sha256 {
        Sha256::of_fields(
            "wasideps intact 1",
            [self.plan.key.as_bytes().as_slice(), fingerprint.as_bytes()],
        )
    }
}

fn verifies(at: &Utf8Path, plan: &Plan, context: &Context<'_>) -> bool {
    let Ok(mut verified) = verify(at, None) else {
        return false;
    };
    if !verified.findings().is_empty() {
        return false;
    }
    let Ok(documents) = documents_again(plan, &verified, context) else {
        return false;
    };
    verified.against_plan(plan, &documents);
    verified.findings().is_empty()
}

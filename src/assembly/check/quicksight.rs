//! What QuickSight reads stands on grants: a data set asks for no more than the role sees that it runs as, and comes after the
//! grants of that role, since making it reads the table; a schedule comes after its data set.

use super::Checker;
use super::graph::Graph;
use crate::access::{DataSourceFact, Facts, Spot, beyond_sight};
use crate::finding::Code;
use std::collections::BTreeMap;

/// What all templates together say.
pub(super) fn check(checker: &mut Checker<'_>, facts: &Facts) {
    for (data_set, columns) in beyond_sight(facts) {
        let message = format!("the role that it runs as does not see {} of `{}`", columns.join(", "), data_set.table);
        checker.find_at(Code::DataSetBeyondSight, &data_set.spot, message);
    }
}

/// The order of what one template makes.
pub(super) fn check_order(checker: &mut Checker<'_>, facts: &Facts, graph: &Graph) {
    let mut after = |then: &Spot, first: &Spot, what: &str| {
        if !graph.before(&first.resource, &then.resource) {
            checker.find_at(Code::GrantBeforeTarget, then, format!("it does not wait for {} ({what})", first.resource));
        }
    };
    let sources: BTreeMap<&str, &DataSourceFact> =
        facts.data_sources.iter().map(|source| (source.arn.as_str(), source)).collect();
    for data_set in &facts.data_sets {
        let Some(source) = sources.get(data_set.source.as_str()) else { continue };
        after(&data_set.spot, &source.spot, "its data source");
        let runs_as = source.role.as_ref();
        for grant in facts.grants.iter().filter(|grant| runs_as.is_some() && grant.principal.as_ref() == runs_as) {
            after(&data_set.spot, &grant.spot, "a grant of the role that it runs as");
        }
    }
    for schedule in &facts.schedules {
        for data_set in facts.data_sets.iter().filter(|data_set| data_set.id == schedule.data_set) {
            after(&schedule.spot, &data_set.spot, "its data set");
        }
    }
}

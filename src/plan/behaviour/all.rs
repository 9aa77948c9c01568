//! The nine probes.

use super::judge;
use super::{Act, Behaviour, Deed, Place};

/// What every probe stands on, in each account; deployed first, deleted last.
pub const BASE: &str = "base";

const fn deploy(stack: &'static str, template: &'static str, values: &'static [(&'static str, &'static str)]) -> Act {
    Act { place: Place::Catalog, stack, deed: Deed::Deploy { template, values } }
}

const fn subscriber(stack: &'static str, values: &'static [(&'static str, &'static str)]) -> Act {
    Act { place: Place::Subscriber, stack, deed: Deed::Deploy { template: "subscribe", values } }
}

/// All of them, in the order of their numbers.
pub const BEHAVIOURS: &[Behaviour] = &[
    Behaviour {
        number: 1,
        name: "columns-of-an-unclassified-table",
        asks: "table `unclassified`, one column `public`: does an expression over `public` reach that column, and nothing of what UpdateTable adds later?",
        makes: "a database, a table of two columns, tags, two grants by tags to a role; a third column by UpdateTable",
        expected: "the role queries the public column alone; the new column bears `unclassified`, and the role does not see it",
        rests: "fail closed: a table carries `unclassified`, each declared column its own value",
        acts: &[
            deploy("1-lake", "lake", &[("Number", "1")]),
            deploy("1-grants", "reader", &[("Number", "1")]),
            deploy("1-look", "columns", &[]),
        ],
        judge: judge::columns,
    },
    Behaviour {
        number: 2,
        name: "crawler-in-the-catalog",
        asks: "may a crawler in the catalog's account add a column to its one declared table, with Lake Formation's credentials and without CREATE_TABLE?",
        makes: "a database, a table, a JSON file with one more field, a role, four grants by name, a crawler, which is run once",
        expected: "the crawl succeeds, the declared table has the column, no other table was made, and the column bears `unclassified`",
        rests: "the crawlers of published tables run in the governance account, one declared table each",
        acts: &[deploy("2-lake", "lake", &[("Number", "2")]), deploy("2-crawl", "crawler", &[])],
        judge: judge::crawler,
    },
    Behaviour {
        number: 3,
        name: "tag-removed-by-another-value",
        asks: "does RemoveLFTagsFromResource look at the value, and does the tag of a dropped column come back with a column of its name?",
        makes: "a database and a table; a removal that names another value; a column dropped and added again by UpdateTable",
        expected: "the value that stands stays, and the column that comes again does not bear its old value",
        rests: "an association covers one column, its id comes from the column, and a reclassified column never keeps its old value",
        acts: &[deploy("3-lake", "lake", &[("Number", "3")]), deploy("3-look", "untag", &[])],
        judge: judge::untag,
    },
    Behaviour {
        number: 4,
        name: "identical-expression-granted-on",
        asks: "may an account that holds an expression with grant option grant the identical expression on, through CloudFormation, without any LF-Tag shared with it?",
        makes: "a database and a table, two grants by tags to the other account; there a wait for the share and two grants to a role",
        expected: "the grants are made, are listed, and the role sees the public column alone",
        rests: "a subscription is granted to the account with grant option and re-granted in the identical form; no LF-Tag permission is shared",
        acts: &[
            deploy("4-lake", "lake", &[("Number", "4")]),
            deploy("4-share", "share", &[("Number", "4"), ("Turn", "first")]),
            subscriber("4-subscribe", &[("Number", "4"), ("Turn", "first")]),
            subscriber("4-subscribe", &[("Number", "4"), ("Turn", "second")]),
        ],
        judge: judge::granted_on,
    },
    Behaviour {
        number: 5,
        name: "two-grants-of-one-identity",
        asks: "may a stack hold two grants of one principal on one resource, with other permissions, and what does the removal of one leave?",
        makes: "a database and a table, two grants to a role on it; then one of them goes",
        expected: "the second is refused, or its removal takes away what the first granted too",
        rests: "the id of a grant comes from principal and resource, never from the permissions",
        acts: &[
            deploy("5-lake", "lake", &[("Number", "5")]),
            deploy("5-grants", "twice", &[("Turn", "first")]),
            deploy("5-grants", "twice", &[("Turn", "second")]),
            deploy("5-grants", "twice", &[("Turn", "third")]),
        ],
        judge: judge::twice,
    },
    Behaviour {
        number: 6,
        name: "failed-revoke-in-the-cleanup",
        asks: "a revoke fails in CloudFormation's cleanup: is the stack complete all the same, and do its events tell?",
        makes: "a database and a table, a grant to a role, which is revoked behind CloudFormation's back and then leaves the stack",
        expected: "the stack is complete, and an event of the cleanup says that the grant could not be deleted",
        rests: "after each stack that removes a grant the executor reads the cleanup's events, and a survivor is a failed deploy",
        acts: &[
            deploy("6-lake", "lake", &[("Number", "6")]),
            deploy("6-grant", "revoke", &[("Turn", "first")]),
            deploy("6-grant", "revoke", &[("Turn", "second")]),
        ],
        judge: judge::cleanup,
    },
    Behaviour {
        number: 7,
        name: "account-grant-revoked-first",
        asks: "the account's grant goes while the local grants made from it stand: who still sees, and can the local grants be revoked after?",
        makes: "what probe 4 makes; then the grants to the account go, and the stack of the local grants is deleted",
        expected: "the role sees nothing any more, and the local grants stay or cannot be revoked cleanly",
        rests: "removals run backward: a role's grant goes before the account's",
        acts: &[
            deploy("7-lake", "lake", &[("Number", "7")]),
            deploy("7-share", "share", &[("Number", "7"), ("Turn", "first")]),
            subscriber("7-subscribe", &[("Number", "7"), ("Turn", "first")]),
            subscriber("7-subscribe", &[("Number", "7"), ("Turn", "second")]),
            deploy("7-share", "share", &[("Number", "7"), ("Turn", "second")]),
            subscriber("7-subscribe", &[("Number", "7"), ("Turn", "third")]),
            Act { place: Place::Subscriber, stack: "7-subscribe", deed: Deed::Delete },
        ],
        judge: judge::revoked_first,
    },
    Behaviour {
        number: 8,
        name: "unclassified-partition-key",
        asks: "may Athena use a partition key in WHERE that the role does not see?",
        makes: "a database and a table with a partition key that nobody classified, two grants by tags to a role",
        expected: "a query without the key succeeds, one with it in WHERE fails",
        rests: "partition keys are declared in the contract and classified like columns",
        acts: &[
            deploy("8-lake", "lake", &[("Number", "8"), ("Partitioned", "yes")]),
            deploy("8-grants", "reader", &[("Number", "8")]),
            deploy("8-look", "partition", &[]),
        ],
        judge: judge::partition,
    },
    Behaviour {
        number: 9,
        name: "full-access-of-a-glue-job",
        asks: "a role sees all declared columns, but not the table's own value: does a Glue job take that for full access?",
        makes: "a database, a table with two public columns, one JSON file, two grants by tags to a role, a Glue job, which is run once",
        expected: "the job reads the table",
        rests: "the owner's jobs read a product of which they hold every classification; composite products read staged copies",
        acts: &[
            deploy("9-lake", "lake", &[("Number", "9"), ("NameClass", "public")]),
            deploy("9-grants", "reader", &[("Number", "9")]),
            deploy("9-job", "etl", &[]),
        ],
        judge: judge::glue_job,
    },
];

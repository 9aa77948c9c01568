//! One side of a comparison, as the rules of what must not merge read it.

use crate::access::Access;
use crate::assembly::Document;
use crate::mesh::{Day, Mesh};

/// One side: what is known of it.
#[derive(Debug, Clone)]
pub struct Input<'a> {
    /// Its mesh; none where only templates are there.
    pub mesh: Option<&'a Mesh>,
    /// Its templates.
    pub documents: &'a [Document],
    /// Who sees what, by these templates.
    pub access: &'a Access,
    /// The day on which it is looked at.
    pub as_of: Option<Day>,
}

//! The validated mesh: types that cannot be wrong, made by [`resolve`] alone, and the names computed from them.

mod acceptance;
mod access;
mod batch_model;
mod crawling;
mod endpoint;
mod frequency;
mod glue_type;
mod limits;
mod model;
mod names;
mod naming;
mod network;
mod quality;
mod quicksight;
mod resolve;
mod version;

pub use acceptance::{Acceptance, accept, unused};
pub use access::Access;
pub use batch_model::{Artifacts, BatchModel};
pub use endpoint::{ENDPOINT_SERVICES, EndpointForm, EndpointService, EndpointVendor, endpoints, image_registry};
pub use frequency::Frequency;
pub use glue_type::GlueType;
pub use limits::Limits;
pub use model::{
    Acting, Athena, Column, Consumer, Deployment, Domain, Mesh, Principal, Product, Reader, Subscriber, Subscription,
    Table, Team, Units,
};
pub use names::{
    AccountId, CatalogName, Classification, Day, MeshName, NameError, OrganizationId, OwnerName, PermissionSetName,
    ProductId, QuicksightGroup, RESERVED, Region, RoleArn, RoleName, Tenant,
};
pub use naming::{BucketUse, GOVERNANCE, fit};
pub use network::{AddressRange, Network, NetworkUse, zones_of};
pub use quality::{Bound, Measure, QualityError, QualityRule, Sample, Unit};
pub use quicksight::{Interval, Quicksight, QuicksightType};
pub use resolve::{Resolved, resolve};
pub use version::Version;

/// SHA-256 of a text in lower-case hexadecimal.
#[must_use]
pub fn fingerprint(text: &str) -> String {
    use sha2::Digest as _;
    let digits = |byte: u8| [byte >> 4, byte & 0xF].map(|digit| b"0123456789abcdef"[usize::from(digit)]);
    let digest = sha2::Sha256::digest(text.as_bytes());
    digest.iter().flat_map(|byte| digits(*byte)).map(char::from).collect()
}

//! The networks of consumers: who gets one, and whether what must stand in it fits.

use super::Findings;
use crate::environment::files::{ConsumerFile, Tool};
use crate::finding::Place;
use crate::mesh::{AddressRange, EndpointForm, Mesh, Network, NetworkUse, endpoints, zones_of};

/// The range of a network that is not written.
const DEFAULT_RANGE: &str = "10.0.0.0/20";

/// Addresses in one subnet for people's applications: four people at up to four each (SageMaker developer guide,
/// "Connect Amazon SageMaker Studio in a VPC": two to four addresses a user).
const ROOM_FOR_PEOPLE: u32 = 16;

/// The network of a consumer, where Studio, models or the file ask for one.
pub(super) fn read(file: &ConsumerFile, place: &Place, findings: &mut Findings) -> Option<Network> {
    let works_inside = file.tools.contains(&Tool::Sagemaker) || file.network.is_some();
    if !works_inside && file.models.is_empty() {
        return None;
    }
    let place = place.child("network");
    let written = file.network.as_ref();
    let text = written.and_then(|network| network.cidr.as_deref()).unwrap_or(DEFAULT_RANGE);
    let range = findings.name("address range", text, &place.child("cidr"), AddressRange::parse)?;
    // the files' own schema keeps it from 1 to 6
    let zones = written.and_then(|network| network.zones).unwrap_or(2).clamp(1, 6);
    let used_by = if works_inside { NetworkUse::Tools } else { NetworkUse::Models };
    Some(Network { range, zones, used_by })
}

/// What only the mesh's Region and the tools together tell.
pub(super) fn check(mesh: &Mesh, findings: &mut Findings) {
    for consumer in mesh.consumers.values() {
        let Some(network) = &consumer.network else { continue };
        let place = consumer.origin.child("network");
        if mesh.region.partition() == "aws-cn" {
            findings.invalid(
                consumer.origin.child("name"),
                format!("`{}` needs a network, whose endpoints have other names in {}", consumer.name, mesh.region),
                "meshform knows the endpoints of the other partitions only; leave out `sagemaker`, `models` and `network`",
            );
        }
        let most = zones_of(&mesh.region);
        if network.zones > most {
            findings.invalid(
                place.child("zones"),
                format!("{} has {most} Availability Zones for every account, not {}", mesh.region, network.zones),
                "ask for fewer zones",
            );
        }
        let interfaces = endpoints(consumer, &mesh.region);
        let interfaces = interfaces.iter().filter(|service| service.form == EndpointForm::Interface).count();
        let needed = u32::try_from(interfaces).unwrap_or(u32::MAX).saturating_add(ROOM_FOR_PEOPLE);
        if network.usable_in_subnet() < needed {
            let message = format!(
                "`{}` over {} zones leaves {} addresses in each subnet; {interfaces} endpoints and {ROOM_FOR_PEOPLE} for \
                 applications need {needed}",
                network.range,
                network.zones,
                network.usable_in_subnet(),
            );
            findings.invalid(place.child("cidr"), message, "write a larger range, or fewer zones");
        }
    }
}

//! The address range of a consumer's network, and how its zones share it.

use super::{NameError, Region};
use crate::finding::Code;
use std::fmt;
use std::net::Ipv4Addr;

/// The network of a consumer: a private range, cut into one subnet for each Availability Zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Network {
    /// Its addresses.
    pub range: AddressRange,
    /// How many Availability Zones it stands in, from 1.
    pub zones: u8,
    /// What it is for.
    pub used_by: NetworkUse,
}

/// What a network is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NetworkUse {
    /// People work in it with the consumer's tools.
    Tools,
    /// Only models stand in it.
    Models,
}

impl Network {
    /// The subnets, one for each zone, in order: the range in halves, quarters or eighths.
    #[must_use]
    pub fn subnets(&self) -> Vec<AddressRange> {
        let bits = self.subnet_bits();
        (0..u32::from(self.zones))
            .map(|index| AddressRange { start: self.range.start + (index << (32 - bits)), bits })
            .collect()
    }

    /// Addresses that things can have in one subnet: AWS keeps the first four and the last (Amazon VPC user guide, "Subnet
    /// sizing").
    #[must_use]
    pub fn usable_in_subnet(&self) -> u32 {
        (1 << (32 - self.subnet_bits())) - 5
    }

    fn subnet_bits(&self) -> u8 {
        let parts = u32::from(self.zones).next_power_of_two();
        self.range.bits + u8::try_from(parts.trailing_zeros()).unwrap_or(0)
    }
}

/// A range of private IPv4 addresses of the size that a consumer's network may have: `10.0.0.0/20`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct AddressRange {
    start: u32,
    bits: u8,
}

/// The blocks that are nobody's on the internet (RFC 1918, RFC 6598).
const PRIVATE: [AddressRange; 4] = [
    AddressRange { start: u32::from_be_bytes([10, 0, 0, 0]), bits: 8 },
    AddressRange { start: u32::from_be_bytes([172, 16, 0, 0]), bits: 12 },
    AddressRange { start: u32::from_be_bytes([192, 168, 0, 0]), bits: 16 },
    AddressRange { start: u32::from_be_bytes([100, 64, 0, 0]), bits: 10 },
];

/// The block that SageMaker itself uses (Amazon VPC user guide, "VPC CIDR blocks").
const TAKEN_BY_AWS: AddressRange = AddressRange { start: u32::from_be_bytes([172, 17, 0, 0]), bits: 16 };

impl AddressRange {
    /// Reads a range in CIDR notation.
    ///
    /// # Errors
    /// When it is no such notation, has bits beyond its prefix, is not private, or is smaller or larger than a network of
    /// a consumer may be: a VPC has at most /16 (Amazon VPC user guide), and below /24 the endpoints alone fill it.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let wrong = |message: &str| NameError { code: Code::InvalidValue, message: message.to_owned().into() };
        let notation = || wrong("is no address range, such as `10.0.0.0/20`");
        let (address, bits) = text.split_once('/').ok_or_else(notation)?;
        let start = u32::from(address.parse::<Ipv4Addr>().map_err(|_| notation())?);
        let is_plain = bits.bytes().all(|byte| byte.is_ascii_digit()) && !(bits.len() > 1 && bits.starts_with('0'));
        let bits: u8 =
            if is_plain { bits.parse().ok() } else { None }.filter(|bits| *bits <= 32).ok_or_else(notation)?;
        let range = Self { start, bits };
        if range.start != range.mask(range.start) {
            let first = Self { start: range.mask(range.start), bits };
            return Err(wrong(&format!("does not begin at its first address; the range is `{first}`")));
        }
        if !(16..=24).contains(&bits) {
            return Err(wrong("is not of a size from /16 to /24"));
        }
        if !PRIVATE.iter().any(|private| private.holds(range)) {
            return Err(wrong("is not within 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16 or 100.64.0.0/10"));
        }
        if TAKEN_BY_AWS.holds(range) {
            return Err(wrong("is within 172.17.0.0/16, which SageMaker uses itself"));
        }
        Ok(range)
    }

    const fn mask(self, address: u32) -> u32 {
        address & u32::MAX << (32 - self.bits)
    }

    fn holds(self, other: Self) -> bool {
        self.bits <= other.bits && self.mask(other.start) == self.start
    }
}

impl fmt::Display for AddressRange {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", Ipv4Addr::from(self.start), self.bits)
    }
}

/// Most Availability Zones that every account sees in a Region (AWS, "Regions and Availability Zones": all have three,
/// save that new accounts see two in us-west-1).
#[must_use]
pub fn zones_of(region: &Region) -> u8 {
    match region.as_str() {
        "us-east-1" => 6,
        "us-west-2" | "ap-northeast-2" => 4,
        "us-west-1" => 2,
        _ => 3,
    }
}

#[cfg(test)]
mod tests {
    use super::{AddressRange, Network, NetworkUse};

    fn refused(text: &str) -> String {
        AddressRange::parse(text).expect_err("it is refused").message.into_owned()
    }

    #[test]
    fn a_range_is_private_begins_at_its_start_and_has_a_fitting_size() {
        for good in ["10.0.0.0/20", "172.16.0.0/16", "172.31.255.0/24", "192.168.4.0/22", "100.64.0.0/18"] {
            assert_eq!(AddressRange::parse(good).expect("it is good").to_string(), good);
        }
        assert!(refused("10.0.1.0/20").ends_with("the range is `10.0.0.0/20`"));
        assert!(refused("10.0.0.0/8").contains("from /16 to /24"));
        assert!(refused("10.0.0.0/25").contains("from /16 to /24"));
        assert!(refused("11.0.0.0/20").contains("not within"));
        assert!(refused("172.32.0.0/20").contains("not within"));
        assert!(refused("100.128.0.0/20").contains("not within"));
        assert!(refused("172.17.16.0/20").contains("SageMaker"));
        for nonsense in
            ["", "10.0.0.0", "10.0.0/20", "10.0.0.0/", "10.0.0.0/+20", "10.0.0.0/020", "10.0.0.0/33", "::/20"]
        {
            assert!(refused(nonsense).contains("no address range"), "{nonsense}");
        }
    }

    #[test]
    fn the_zones_share_the_range() {
        let network = |zones| Network {
            range: AddressRange::parse("10.0.0.0/20").expect("it is good"),
            zones,
            used_by: NetworkUse::Tools,
        };
        let subnets = |zones| network(zones).subnets().iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(subnets(1), ["10.0.0.0/20"]);
        assert_eq!(subnets(2), ["10.0.0.0/21", "10.0.8.0/21"]);
        assert_eq!(subnets(3), ["10.0.0.0/22", "10.0.4.0/22", "10.0.8.0/22"]);
        assert_eq!(subnets(6).last().map(String::as_str), Some("10.0.10.0/23"));
        assert_eq!(network(2).usable_in_subnet(), 2043);
    }
}

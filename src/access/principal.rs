//! What the identifiers of principals say about them.
//!
//! Forms: Lake Formation guide, "Lake Formation permissions reference" (the option `--principal`) and "Granting permissions
//! on Data Catalog resources".

use super::model::PrincipalKind;

/// What is known of a principal by its identifier alone.
pub(super) struct Identifier<'a> {
    pub(super) kind: PrincipalKind,
    /// The account that it belongs to, where it belongs to one.
    pub(super) account: Option<&'a str>,
}

/// Reads an identifier.
pub(super) fn identify(principal: &str) -> Identifier<'_> {
    if principal == "IAM_ALLOWED_PRINCIPALS" {
        return Identifier { kind: PrincipalKind::Everyone, account: None };
    }
    if let Some(account) = principal.strip_suffix(":IAMPrincipals").filter(|account| is_account(account)) {
        return Identifier { kind: PrincipalKind::Everyone, account: Some(account) };
    }
    if is_account(principal) {
        return Identifier { kind: PrincipalKind::Account, account: Some(principal) };
    }
    let parts: Vec<&str> = principal.splitn(6, ':').collect();
    let [_, _, service, _, account, resource] = parts.as_slice() else {
        return Identifier { kind: PrincipalKind::Group, account: None };
    };
    let kind = match *service {
        "organizations" => PrincipalKind::Organization,
        "iam" if resource.starts_with("user/") => PrincipalKind::User,
        "iam" | "sts" if resource.starts_with("role/") || resource.starts_with("assumed-role/") => PrincipalKind::Role,
        _ => PrincipalKind::Group,
    };
    // of an organization it is the management account, whose principals it does not stand for
    let account = Some(*account).filter(|account| !account.is_empty() && kind != PrincipalKind::Organization);
    Identifier { kind, account }
}

/// Twelve digits.
pub(super) fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The identifier in one form: an account's root is the account.
pub(super) fn normal(principal: String) -> String {
    let parts: Vec<&str> = principal.splitn(6, ':').collect();
    match parts.as_slice() {
        [_, _, "iam", _, account, "root"] if is_account(account) => (*account).to_owned(),
        _ => principal,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_tell_kind_and_account() {
        let cases = [
            ("arn:aws:iam::111122223333:role/a/b", PrincipalKind::Role, Some("111122223333")),
            ("arn:aws-cn:iam::111122223333:user/a", PrincipalKind::User, Some("111122223333")),
            ("111122223333", PrincipalKind::Account, Some("111122223333")),
            ("arn:aws:organizations::111122223333:organization/o-a1b2c3d4e5", PrincipalKind::Organization, None),
            ("arn:aws:organizations::111122223333:ou/o-a1b2c3d4e5/ou-a1b2-c3", PrincipalKind::Organization, None),
            ("arn:aws:iam::111122223333:saml-provider/x:group/y", PrincipalKind::Group, Some("111122223333")),
            ("arn:aws:quicksight:us-east-1:111122223333:user/default/x", PrincipalKind::Group, Some("111122223333")),
            ("arn:aws:identitystore:::group/1", PrincipalKind::Group, None),
            ("IAM_ALLOWED_PRINCIPALS", PrincipalKind::Everyone, None),
            ("111122223333:IAMPrincipals", PrincipalKind::Everyone, Some("111122223333")),
            ("nonsense", PrincipalKind::Group, None),
        ];
        for (principal, kind, account) in cases {
            let found = identify(principal);
            assert_eq!((found.kind, found.account), (kind, account), "{principal}");
        }
        assert_eq!(normal("arn:aws:iam::111122223333:root".to_owned()), "111122223333");
        assert_eq!(normal("arn:aws:iam::111122223333:role/root".to_owned()), "arn:aws:iam::111122223333:role/root");
    }
}

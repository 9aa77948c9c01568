//! The one table of finding codes: the enum, the severities, the pages of `explain` and the docs come from here.

use super::Severity;

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $variant:ident = $code:literal, $severity:ident, $help:literal, $source:literal;)+) => {
        /// The kind of a finding. Its kebab-case name is stable: fixtures, docs and `accept:` use it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $($(#[doc = $doc])+ $variant,)+
        }

        impl Code {
            /// Every code, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The stable name: `unknown-product`.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $code,)+ }
            }

            /// How bad it is.
            #[must_use]
            pub const fn severity(self) -> Severity {
                match self { $(Self::$variant => Severity::$severity,)+ }
            }

            /// What it means, in whole sentences.
            #[must_use]
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$variant => concat!($($doc, "\n"),+),)+ }
            }

            /// What to do about it, in whole sentences.
            #[must_use]
            pub const fn advice(self) -> &'static str {
                match self { $(Self::$variant => $help,)+ }
            }

            /// Where the rule comes from: an AWS document or schema, a public issue, or the format itself.
            #[must_use]
            pub const fn source(self) -> &'static str {
                match self { $(Self::$variant => $source,)+ }
            }
        }
    };
}

codes! {
    // ---- the file itself -------------------------------------------------------------------------------------------
    /// A path that should be a file cannot be read as one: it is a directory, a link to nothing or to itself, or may not be read.
    UnreadableFile = "unreadable-file", Error,
        "Replace it by a regular file, or remove it.", "the format";
    /// A file is larger than 8 MiB.
    OversizedFile = "oversized-file", Error,
        "Environment files are written by people: split the domain, or look for what was pasted in.", "FORMATS: a file over 8 MiB";
    /// A file is not UTF-8 text: it holds other bytes, NUL characters, or is UTF-16.
    InvalidEncoding = "invalid-encoding", Error,
        "Save the file as UTF-8.", "YAML 1.2, section 5.2, and the format";
    /// A file holds nothing, or nothing but comments.
    EmptyFile = "empty-file", Error,
        "Write the file, or remove it.", "the format";
    /// A file holds more than one YAML document.
    SeveralDocuments = "several-documents", Error,
        "Keep one owner per file: move each document into a file of its own.", "FORMATS: an account has one owner file";
    /// A file is not YAML.
    YamlSyntax = "yaml-syntax", Error,
        "Mend the YAML at the place shown.", "YAML 1.2";
    /// A file nests deeper, or its aliases expand further, than any mesh needs.
    TooDeep = "too-deep", Error,
        "Flatten it; anchors and aliases are allowed, but not as a way to multiply content.", "FORMATS: alias bomb, deep nesting";
    /// A key stands twice in one mapping.
    DuplicateKey = "duplicate-key", Error,
        "Remove one of the two: which one was meant cannot be guessed.", "YAML 1.2, section 3.2.1.1";
    // ---- the shape of a file ---------------------------------------------------------------------------------------
    /// A field that the format does not have.
    UnknownField = "unknown-field", Error,
        "Correct its name or remove it; `meshform schema` prints the format.", "the format";
    /// A field that must be there is missing.
    MissingField = "missing-field", Error,
        "Add it.", "the format";
    /// A text in `{…}` that ends at its first comma, since nothing quotes it; the rest stands there as fields without a value.
    TextCutAtComma = "text-cut-at-comma", Warning,
        "Put the text in double quotes.", "YAML 1.2, section 7.3.3: a plain scalar in a flow mapping ends at a comma";
    /// A value of the wrong type.
    WrongType = "wrong-type", Error,
        "Write a value of the type that is named.", "the format";
    /// A value that the format does not allow: outside a list, a pattern or a range.
    InvalidValue = "invalid-value", Error,
        "Use one of the values that are named.", "the format";
    /// A frequency of `slaProperties` that no schedule can keep: zero or less, under five minutes, over 366 days, no whole number of minutes, without a known unit, or promised twice.
    InvalidFrequency = "invalid-frequency", Error,
        "Write one as `{property: frequency, value: 1, unit: d}`; the units are d, h and m.", "AWS Glue guide, \"Time-based schedules for jobs and crawlers\": at most every five minutes";
    /// An account id without quotes: YAML reads it as a number and loses leading zeros.
    UnquotedAccount = "unquoted-account", Error,
        "Put the twelve digits in quotes.", "YAML 1.2 core schema, integers";
    /// A quality rule that cannot be evaluated: an unknown metric, no comparison or two, an argument that is missing or wrong, a share of more than 100 percent.
    InvalidQuality = "invalid-quality", Error,
        "Write one as `{metric: nullValues, property: email, mustBeLessThan: 1, unit: percent}`; the metrics are rowCount, nullValues, missingValues, invalidValues and duplicateValues.", "ODCS 3.1, \"Data Quality\": library metrics and operators";
    /// A file whose `kind` does not fit the folder it is in, an environment without exactly one `Mesh`, or logic of a job that no product has.
    MisplacedFile = "misplaced-file", Error,
        "mesh.yaml holds the Mesh, domains/ the Domains, consumers/ the Consumers, jobs/ the logic of Glue jobs.", "DESIGN, section 2";
    // ---- names -----------------------------------------------------------------------------------------------------
    /// A name that AWS or this tool would refuse: wrong characters or too long.
    InvalidName = "invalid-name", Error,
        "Use the characters and the length that are named.", "FORMATS: names; the limits of S3, IAM, Glue and LF-Tags";
    /// A name that the tool needs for itself.
    ReservedName = "reserved-name", Error,
        "Choose another name.", "FORMATS: reserved names";
    /// Two domains or consumers of one name; they share one namespace.
    DuplicateOwner = "duplicate-owner", Error,
        "Rename one of them.", "FORMATS: domains and consumers share one namespace";
    /// An account that two files claim.
    DuplicateAccount = "duplicate-account", Error,
        "Give each owner an account of its own: the settings of an account belong to one stack.", "hazard 13: DataLakeSettings is one per account and Region";
    /// Two products of one id.
    DuplicateProduct = "duplicate-product", Error,
        "Rename one of them: subscriptions name a product by its id alone.", "the format";
    /// Two tables of one name in a product.
    DuplicateTable = "duplicate-table", Error,
        "Rename one of them.", "AWS Glue: a table name is unique in its database";
    /// Two columns of one name in a table; partition keys are columns too.
    DuplicateColumn = "duplicate-column", Error,
        "Rename one of them.", "AWS Glue: a column name is unique in its table, partition keys included";
    /// Two different things whose computed AWS names come out equal.
    NameCollision = "name-collision", Error,
        "Rename one of the two owners or products.", "FORMATS: computed names";
    // ---- what names point to ---------------------------------------------------------------------------------------
    /// A subscription or an input port names a product that no domain has.
    UnknownProduct = "unknown-product", Error,
        "Use the id of a product of this mesh.", "the format";
    /// A subscription asks for a port that the product does not offer.
    PortNotOffered = "port-not-offered", Error,
        "Ask for a port of the product's outputPorts, or have its owner add one.", "the format";
    /// A classification that the mesh does not have.
    UnknownClassification = "unknown-classification", Error,
        "Use one of the classifications of mesh.yaml.", "the format";
    /// A rule names a column that the tables do not have, or that the product cannot see.
    UnknownColumn = "unknown-column", Error,
        "Name a column of the schema.", "the format";
    /// A code in `accept:` that no finding has.
    UnknownCode = "unknown-code", Error,
        "Use the code of a finding; `meshform explain` lists them.", "the format";
    /// An acceptance of a finding that nobody may take on: an error in a file or a template, a limit of AWS, or what is said of acceptances themselves.
    NotAcceptable = "not-acceptable", Error,
        "Mend what the finding is about; `accept` is for warnings and for the rules of what must not merge.", "DESIGN: policies with a way to accept one";
    /// An acceptance whose last day has passed: it has no effect any more.
    AcceptanceExpired = "acceptance-expired", Warning,
        "Mend what was accepted, or agree on a later `until`; then remove the line.", "the format";
    /// An acceptance of a finding that there is not: its target is mistyped, or the matter is settled.
    AcceptanceUnused = "acceptance-unused", Warning,
        "Correct the target, or remove the line.", "the format";
    /// A product that lists itself as input.
    SelfInput = "self-input", Error,
        "Remove the input port.", "FORMATS: a product that lists itself";
    /// Composite products that need one another.
    ProductCycle = "product-cycle", Error,
        "Break the cycle: one of them must be made without the other.", "FORMATS: a cycle of composite products";
    /// Two subscriptions of one owner to the same port of the same product.
    DuplicateSubscription = "duplicate-subscription", Error,
        "Merge them: one grant has one owner and one purpose.", "hazard 2: two grants of one principal and resource are one";
    // ---- who may see what ------------------------------------------------------------------------------------------
    /// A subscription asks for `unclassified`, the value of columns that nobody has looked at.
    AsksUnclassified = "asks-unclassified", Error,
        "Ask the owner to classify the columns you need.", "DESIGN: fail closed";
    /// A column is declared `unclassified`, or a mesh leaves the value out.
    DeclaredUnclassified = "declared-unclassified", Error,
        "Give the column a classification; a declared column is by definition one that somebody has looked at.", "DESIGN: fail closed";
    /// A subscription without a written purpose.
    MissingPurpose = "missing-purpose", Error,
        "Write in a few words what the data is for; the owner reads it in the review.", "DESIGN: grants are by pull request";
    /// A subscription whose last day has passed.
    AccessExpired = "access-expired", Error,
        "Remove the subscription, or agree on a new endDate with the owner.", "FORMATS: endDate";
    /// A subscription to a port that none of the subscriber's tools can use.
    NoToolForPort = "no-tool-for-port", Error,
        "Add a tool to the consumer: athena, quicksight or sagemaker for tables; api for api; sql for sql and graph.", "pain 9: a subscription must not end at an account";
    /// A principal that names a role of another account.
    ForeignPrincipal = "foreign-principal", Error,
        "Name a role of the owner's own account: the role is the bridge, and the other account is not in review.", "hazard 9: principals";
    /// Products that are subscribed to together share no visible column to join them by.
    NoJoinKey = "no-join-key", Warning,
        "Ask the owners for a surrogate key of one name, classified so that you may see it.", "FORMATS: a join key";
    /// Columns that a subscription opens and that QuickSight cannot read: structures, binary data, names over 127 characters.
    ColumnNotInQuicksight = "column-not-in-quicksight", Warning,
        "Nothing, if nobody looks for them there; else ask the owner for columns of plain types.", "QuickSight user guide: supported data types and values";
    /// A copy in QuickSight's SPICE of data above `public` and `internal`: Lake Formation decides when it is made, not who looks at it.
    SensitiveCopy = "sensitive-copy", Warning,
        "Use `mode: direct-query`, or subscribe to less; if the copy is wanted, keep the group small.", "hazard 11: a SPICE data set is a copy that every reader of it sees whole";
    /// A part of the format that is understood, kept and checked, but makes no resources yet.
    NotRenderedYet = "not-rendered-yet", Warning,
        "Nothing to do: it is checked and kept, but makes no resources yet; CHANGELOG.md lists what comes.", "CHANGELOG";
    // ---- the change ------------------------------------------------------------------------------------------------
    /// Columns above `public` and `internal`, or copies of them, that somebody comes to see without a subscription that states a purpose.
    SensitiveWithoutPurpose = "sensitive-without-purpose", Error,
        "Write a subscription with a purpose for it, or take the grant out.", "DESIGN: grants are by pull request; a purpose is part of each";
    /// A value that leaves an LF-Tag while an association or a grant uses it, on either side: Lake Formation does not ask, and whoever was granted by it loses sight at once.
    TagValueInUse = "tag-value-in-use", Error,
        "First remove the associations and grants that use it, then the value, in a change of its own.", "AWS Lake Formation guide, \"Updating LF-Tags\": no check is performed for the presence of the value; API UpdateLFTag: a value in use may be refused";
    /// A bucket, a key or another store of data that the change replaces, may replace, or destroys.
    DataStoreReplaced = "data-store-replaced", Error,
        "Keep the properties that it was made with, or move its data first.", "CloudFormation resource schemas: createOnlyProperties; DeletionPolicy";
    /// Data, versions, logs, backups or a key that would be kept for a shorter time than before.
    RetentionShortened = "retention-shortened", Error,
        "Keep the time, or agree on the shorter one with whoever needs the data.", "Amazon S3 user guide, lifecycle; CloudWatch Logs PutRetentionPolicy; AWS KMS ScheduleKeyDeletion";
    /// A resource that was kept when its stack lets go of it, or that was guarded against deletion, and no longer is.
    RetainRemoved = "retain-removed", Error,
        "Set DeletionPolicy, UpdateReplacePolicy or the deletion protection as they were.", "AWS CloudFormation, DeletionPolicy attribute";
    /// A store that is encrypted less well than before: no key of one's own, no encryption, no rotation, no longer by TLS alone.
    EncryptionWeakened = "encryption-weakened", Error,
        "Set the encryption as it was.", "AWS Well-Architected, security pillar: protecting data at rest and in transit";
    /// A store that more people may reach than before: a block on public access gone, a policy for everybody, ownership of objects given up.
    PublicAccessOpened = "public-access-opened", Error,
        "Set the four values of PublicAccessBlockConfiguration, and name who may read.", "Amazon S3 user guide, blocking public access";
    /// A role by which stacks are deployed, its boundary, or a policy of it, that may do more than before or be assumed by more.
    DeployRoleWidened = "deploy-role-widened", Error,
        "Take out what is not needed; whoever may assume this role may do it in the whole account.", "least privilege; DESIGN, section 3: execution roles";
    /// A role that anybody in the world may try to assume: a wildcard in its trust policy without a condition.
    TrustOpened = "trust-opened", Error,
        "Name the account, the role or the service that assumes it.", "IAM user guide, AWS JSON policy elements: Principal";
    /// A further administrator of Lake Formation in an account that had its own: it stands outside all grants.
    AdministratorAdded = "administrator-added", Error,
        "Grant what it needs instead.", "AWS Lake Formation guide, implicit permissions: administrators";
    /// A stack that no file asks for any more. A deployment deletes no stacks: it stays in its account, with the access that it grants.
    StackLeftBehind = "stack-left-behind", Warning,
        "Delete the stack in its account after the deployment (`aws cloudformation delete-stack`), those that grant first.", "DESIGN, section 3; docs/deployment.md, taking access away";
    /// A last day of access to columns above `public` and `internal` that is taken away, or moved later.
    EndDatePostponed = "end-date-postponed", Warning,
        "Ask the owner of the product whether the access is still wanted.", "FORMATS: endDate";
    /// A contract that changed by more than its version says.
    VersionNotRaised = "version-not-raised", Warning,
        "Raise `version` by the part that is named: major for what breaks a subscriber, minor for what is new, patch for words.", "semver.org 2.0.0; ODCS 3.1, `version`";
    // ---- the templates ---------------------------------------------------------------------------------------------
    /// A resource that AWS's own schema refuses.
    SchemaViolation = "schema-violation", Error,
        "This is a defect of meshform unless the value is yours: please report it with the message.", "CloudFormation resource schemas, vendored from cfn-lint";
    /// A resource type that the Region does not have.
    TypeNotInRegion = "type-not-in-region", Error,
        "Choose another Region, or leave out the part that needs the type.", "cfn-lint's list of types per Region";
    /// A `Ref`, `Fn::GetAtt` or `DependsOn` that points nowhere, or at an attribute that the type does not return.
    UnknownReference = "unknown-reference", Error,
        "Name a resource or a parameter of the same template, and an attribute of its schema.", "readOnlyProperties of the schema";
    /// Resources of a template, or stacks, that wait for one another, so that none of them can be made.
    CircularDependency = "circular-dependency", Error,
        "Remove one of the references or DependsOn.", "AWS CloudFormation: circular dependency between resources";
    /// A stack over a limit of CloudFormation: 500 resources, 1 MB, 200 parameters, 200 outputs.
    StackOverLimit = "stack-over-limit", Error,
        "Give some of the domain's products `stack: 2`.", "AWS CloudFormation quotas";
    /// Policies larger than IAM takes: 10,240 characters inline, 6,144 in a managed policy, 2,048 in a trust policy.
    PolicyTooLarge = "policy-too-large", Error,
        "Split the consumer or the domain: its role names every database it may see.", "IAM and STS quotas";
    /// A stack over four fifths of a limit of CloudFormation: 500 resources, 1 MB, 200 parameters, 200 outputs.
    StackNearLimit = "stack-near-limit", Warning,
        "Give some of the domain's products `stack: 2`.", "AWS CloudFormation quotas";
    /// A `*` in an action or a resource of an Allow statement, that no entry of the list of reasons covers; a NotAction or NotResource; a policy from outside the templates.
    WildcardInPolicy = "wildcard-in-policy", Error,
        "Name the actions and the resources, or add an entry with its reason to the list.", "least privilege; assembly/check/wildcards.rs holds the list";
    /// A policy names as principal a role or user that need not exist yet; S3, KMS and STS refuse that.
    PolicyNamesPrincipal = "policy-names-principal", Error,
        "Name the account's root, and the role in a condition on aws:PrincipalArn.", "AWS KMS PutKeyPolicy: principals must exist";
    /// An endpoint of a network for a service that the Region does not have under this name, or of the wrong type.
    UnknownEndpoint = "unknown-endpoint", Error,
        "Use the name in the AWS PrivateLink guide: most begin with com.amazonaws, Studio's with aws.sagemaker.", "AWS PrivateLink guide: AWS services that integrate with AWS PrivateLink; aws-cdk-lib, InterfaceVpcEndpointAwsService";
    /// An endpoint of a network without a policy, or whose policy lets everyone through to every resource.
    EndpointOpen = "endpoint-open", Error,
        "Name the account: aws:PrincipalAccount at interfaces, aws:ResourceAccount at S3's gateway.", "AWS PrivateLink guide: endpoint policies; the default policy allows full access";
    /// A Deny whose negated condition on a request header also holds when the header is absent.
    DenyWithoutNull = "deny-without-null", Error,
        "Add a Null test of the same key, or use the IfExists form.", "IAM condition operators: negated operators match an absent key";
    /// A bucket, a key, a store or a settings resource that would be deleted with its stack.
    DataNotRetained = "data-not-retained", Error,
        "Set DeletionPolicy and UpdateReplacePolicy to Retain.", "DESIGN: retain follows from the type";
    /// A bucket without encryption, without its owner's sole ownership of objects, or without a block on public access.
    BucketNotPrivate = "bucket-not-private", Error,
        "Set BucketEncryption, OwnershipControls and all four PublicAccessBlockConfiguration values.", "AWS Well-Architected, security pillar";
    /// Lake Formation settings, or a database, that leave IAM_ALLOWED_PRINCIPALS as a default; settings that replace the admins that stand.
    SettingsOpen = "settings-open", Error,
        "Write both default permissions as empty lists, MutationType APPEND, and name the execution role as admin.", "cfn#2197, pulumi-aws#4366, hazard 13";
    /// Two settings resources for one account and Region, or settings without the lock that keeps another mesh off them.
    SettingsTwice = "settings-twice", Error,
        "Keep the settings of an account in one stack, after the parameter that locks them.", "hazard 13";
    /// Grants or tag associations of one stack that CloudFormation may make at the same time.
    GrantsUnordered = "grants-unordered", Error,
        "Chain them by DependsOn.", "cfn#2432, cfn#2500: ConcurrentModificationException";
    /// A grant, an association, a crawler, a data set or its schedule that CloudFormation may make before what it speaks of or needs.
    GrantBeforeTarget = "grant-before-target", Error,
        "Add the DependsOn: settings, tags, location, database and table come before associations, these before grants, and the grants of a role before the data sets that run as it.", "lake-formation-mesh 1.3, 1.5; QuickSight CreateDataSet reads the table";
    /// A grant whose Resource has not exactly one member, whose permissions do not fit it, or that is for neither an account nor a role.
    GrantShape = "grant-shape", Error,
        "Name exactly one resource and the permissions that fit it.", "lake-formation-mesh 1.5; aws-cdk#26262, aws-cdk#29756";
    /// A tag association that covers more than one column, or tag associations that give a key of one thing more than one value.
    AssociationShape = "association-shape", Error,
        "Make one association for each database, table or column, with one value for each key.", "hazard 3; terraform#32172";
    /// A resource that names a role, a topic, a bus, a workgroup or a group of schedules, or works as a role with grants, and does not wait for it.
    UsedBeforeMade = "used-before-made", Error,
        "Add the DependsOn or the edge between the stacks: a computed name is no edge by itself.", "CloudFormation: resources without a reference are made at the same time; DESIGN, invariant 5";
    /// Two grants of one principal on one resource.
    GrantTwice = "grant-twice", Error,
        "Merge them: the identity of a grant is its principal and its resource.", "hazard 2: primaryIdentifier of the schema";
    /// A tag or a tag's value that no template makes, or that no database carries.
    UnknownTag = "unknown-tag", Error,
        "Make the tag with the value in the governance account, before it is used.", "AWS Lake Formation: assigning LF-Tags; pain 11";
    /// A table whose files lie outside every location that is registered with Lake Formation.
    LocationNotRegistered = "location-not-registered", Error,
        "Register the location, or move the table below one that is.", "AWS Lake Formation: registering an Amazon S3 location";
    /// A TABLE expression that does not name the classification or no product, or asks for `unclassified` for anyone but the owner; a grant that names a table, save for the crawler of that table.
    ExpressionOpen = "expression-open", Error,
        "Grant by an expression, and name the domain's key and the classification in every TABLE expression.", "pain 19: an expression that does not name a key grants regardless of it";
    /// A DATABASE expression or a database tag that names the classification, or a table whose own is not `unclassified`.
    DatabaseClassified = "database-classified", Error,
        "Leave the classification to columns, and tables at `unclassified`: stray tables and new columns would inherit it.", "hazards, question 3";
    /// A grant to another account without grant option, so that its admin cannot pass it on.
    NotGrantable = "not-grantable", Error,
        "Grant to accounts with grant option on the same permissions.", "AWS Lake Formation: cross-account notes";
    /// A local grant whose expression is not the one that the account received.
    ExpressionMismatch = "expression-mismatch", Error,
        "Re-grant the identical, sorted expression.", "AWS Lake Formation: permission cascading rules; hazard 10";
    /// A role that has the data but not the way to it: no link to the database, or no DESCRIBE on the link.
    LinkIncomplete = "link-incomplete", Error,
        "Make the link, DESCRIBE on the link and the grant on the target as one unit.", "pain 10; LF best practices";
    /// A resource link that does not bear the name of the database it points to, or a data permission on a link.
    LinkMisused = "link-misused", Error,
        "Name the link like its target and grant data permissions on the target.", "hazard 12; terraform#46951";
    /// A grant to a Lake Formation admin, whose revoke would fail.
    GrantToAdmin = "grant-to-admin", Error,
        "Leave it out: an admin holds implicit rights.", "terraform#35160";
    /// A tag key or value over 50 characters, in capitals, or a key with more than 1,000 values.
    TagLimits = "tag-limits", Error,
        "Shorten the name, or split the domain.", "AWS Lake Formation API_LFTag; TBAC notes";
    /// A role that cannot read what its grant promises: its policy lacks Glue or GetDataAccess, or no template makes it.
    RoleCannotRead = "role-cannot-read", Error,
        "Give the role glue:Get* on the governance catalog and lakeformation:GetDataAccess.", "hazard 17: the hidden IAM leg";
    /// A crawler that could make, drop or misread tables: several targets, deletes that are not only logged, a catalog table without credentials of Lake Formation, of another account or by a link, published files as a path; or a role that somebody but AWS Glue may assume.
    CrawlerShape = "crawler-shape", Error,
        "Give the crawler one catalog table of its own account, DeleteBehavior LOG, UseLakeFormationCredentials, and a role that only glue.amazonaws.com may assume.", "AWS Glue guide, \"Configuring a crawler to use Lake Formation credentials\"; hazard 4";
    /// A crawler whose role lacks a grant that it needs, or that may be made before it; or raw tables that no owner may see.
    CrawlerWithoutGrant = "crawler-without-grant", Error,
        "Grant its role the database, the table and the location by name, and let the crawler wait for the grants.", "AWS Glue guide, \"Crawler errors when the crawler is using Lake Formation permissions\"; hazards, question 4";
    /// A role that lacks an action, in its policy or under its boundary, which a resource that works as it needs.
    RoleLacksAction = "role-lacks-action", Error,
        "Add the action on the resource to the role's policy, and to the boundary.", "the services' pages on roles; see assembly/check/needs";
    /// A data set of QuickSight that asks for columns which the role behind it does not see, so that it cannot be made or read.
    DataSetBeyondSight = "data-set-beyond-sight", Error,
        "Name only columns that the role's grants open.", "hazard 11; QuickSight CreateDataSet reads the table as the role of its data source";
    /// A role without the permissions boundary of the mesh, or outside its path.
    RoleUnbounded = "role-unbounded", Error,
        "Set Path and PermissionsBoundary.", "hazard 15: the execution role makes roles only under the boundary";
}

impl std::str::FromStr for Code {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        Self::ALL.iter().copied().find(|code| code.name() == name).ok_or(())
    }
}

impl std::fmt::Display for Code {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.name())
    }
}

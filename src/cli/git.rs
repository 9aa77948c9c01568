//! Git, called as a program: what stood in a commit. The work tree, the index and the refs are never touched.
//!
//! The repository may be anybody's, so nothing of its configuration may start a program or reach the network, and what a
//! hook leaves in the environment does not lead to another repository.

use super::failure::{Exit, Failure};
use crate::environment::{MOST_BYTES, RawFile, Reading, reading};
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io::{BufReader, Read, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// What `git rev-parse --local-env-vars` lists, save the variables that carry configuration: these choose no repository.
const OF_OTHER_REPOSITORIES: &[&str] = &[
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_DIR",
    "GIT_GRAFT_FILE",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_NAMESPACE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_REPLACE_REF_BASE",
    "GIT_SHALLOW_FILE",
    "GIT_WORK_TREE",
];

/// Settings that win over the repository's own: nothing is started, nothing is fetched.
const SAFE: &[&str] = &["core.fsmonitor=false", "core.hooksPath=/dev/null", "diff.external=", "protocol.allow=never"];

/// Where the remote's default branch may be, the likeliest first.
const DEFAULTS: &[&str] = &[
    "refs/remotes/origin/HEAD",
    "refs/remotes/origin/main",
    "refs/heads/main",
    "refs/remotes/origin/master",
    "refs/heads/master",
];

/// A directory inside a repository.
pub(super) struct Repository {
    /// Where git is started.
    directory: PathBuf,
    /// The directory's path from the top of the repository, without a slash at the end; empty for the top.
    prefix: String,
}

/// A commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Commit {
    /// Its full id.
    id: String,
    /// What it is called.
    pub(super) name: String,
}

impl Commit {
    /// The first characters of its id.
    pub(super) fn short(&self) -> &str {
        self.id.get(..12).unwrap_or(&self.id)
    }
}

/// An entry of a tree.
struct Entry {
    mode: String,
    id: String,
    bytes: u64,
    path: Vec<u8>,
}

/// The files of an environment in a commit.
pub(super) type Files = BTreeMap<String, RawFile>;

impl Repository {
    /// The repository that a directory is in.
    pub(super) fn of(directory: &Path) -> Result<Self, Failure> {
        let found = Self { directory: directory.to_owned(), prefix: String::new() };
        let output = found.git(&["rev-parse", "--is-inside-work-tree"])?;
        if !output.status.success() || output.stdout.trim_ascii() != b"true" {
            let error = format!("{} is not in the work tree of a git repository", directory.display());
            let failure = found.failed(error, &output).exit(Exit::Usage);
            return Err(failure.hint("compare with a directory: --against DIR"));
        }
        let output = found.git(&["rev-parse", "--show-prefix"])?;
        let prefix = String::from_utf8(output.stdout)
            .map_err(|_| Failure::new(format!("the path of {} in its repository is not UTF-8", directory.display())))?;
        Ok(Self { prefix: prefix.trim_end_matches('\n').trim_end_matches('/').to_owned(), ..found })
    }

    /// The directory's path from the top of the repository.
    pub(super) fn prefix(&self) -> &str {
        &self.prefix
    }

    /// The commit that a reference names. `main` is what `main` is now; `main...` is where this branch left it.
    pub(super) fn commit(&self, reference: &str) -> Result<Commit, Failure> {
        let usage = |error: String| Failure::new(error).exit(Exit::Usage);
        if let Some((base, head)) = reference.split_once("...") {
            if !head.is_empty() && head != "HEAD" {
                let error = format!("--base `{}` names two sides; the other is the work tree", shown(reference));
                return Err(usage(error).hint(format!("check out `{}`, and give `{}...`", shown(head), shown(base))));
            }
            return self.fork(&self.commit(base)?);
        }
        if reference.contains("..") {
            let error = format!("--base `{}` is a range; give one commit", shown(reference));
            return Err(usage(error).hint("the other side is the work tree"));
        }
        if reference.is_empty() || reference.starts_with('-') {
            return Err(usage(format!("--base `{}` is not the name of a commit", shown(reference))));
        }
        match self.parse(&format!("{reference}^{{commit}}"))? {
            Some(id) => Ok(Commit { id, name: reference.to_owned() }),
            None => {
                let error = format!("this repository has no commit `{}`", shown(reference));
                Err(self
                    .incomplete(usage(error))?
                    .hint("git fetch brings what only the remote has; --against DIR compares without git"))
            }
        }
    }

    /// Where this branch left the remote's default branch.
    pub(super) fn default_base(&self) -> Result<Commit, Failure> {
        for reference in DEFAULTS {
            let Some(id) = self.parse(&format!("{reference}^{{commit}}"))? else { continue };
            return self.fork(&Commit { id, name: self.branch(reference)? });
        }
        let error =
            Failure::new("this repository has no branch to compare with: no origin/HEAD, no origin/main, no main");
        Err(self.incomplete(error.exit(Exit::Usage))?.hint("name a commit with --base, or a directory with --against"))
    }

    /// The branch that a symbolic reference such as origin/HEAD stands for, in short.
    fn branch(&self, reference: &str) -> Result<String, Failure> {
        let output = self.git(&["symbolic-ref", "--quiet", reference])?;
        let target = String::from_utf8_lossy(&output.stdout).trim_end_matches('\n').to_owned();
        let target = if output.status.success() { target.as_str() } else { reference };
        let short = ["refs/remotes/", "refs/heads/"].iter().find_map(|start| target.strip_prefix(start));
        Ok(short.unwrap_or(target).to_owned())
    }

    /// The commit from which this branch left another.
    fn fork(&self, other: &Commit) -> Result<Commit, Failure> {
        let output = self.git(&["merge-base", &other.id, "HEAD"])?;
        let id = String::from_utf8_lossy(&output.stdout).trim_end().to_owned();
        if !output.status.success() || id.is_empty() {
            let error = format!("this branch and `{}` have no commit in common", shown(&other.name));
            return Err(self.incomplete(self.failed(error, &output).exit(Exit::Usage))?);
        }
        Ok(Commit { id, name: format!("{} (where this branch left it)", other.name) })
    }

    /// Adds what to do when the clone lacks history.
    fn incomplete(&self, failure: Failure) -> Result<Failure, Failure> {
        let output = self.git(&["rev-parse", "--is-shallow-repository"])?;
        Ok(match output.stdout.trim_ascii() == b"true" {
            true => failure.hint("this clone is shallow: fetch all of its history (`fetch-depth: 0` in GitHub Actions, `GIT_DEPTH: \"0\"` in GitLab, `git fetch --unshallow` by hand)"),
            false => failure,
        })
    }

    /// The files of an environment as they stood in a commit, by their path below the directory that the repository was
    /// opened at; none when there was no such directory.
    pub(super) fn environment(&self, commit: &Commit) -> Result<Option<Files>, Failure> {
        let Some(tree) = self.tree(commit, &self.prefix)? else { return Ok(None) };
        let mut files = Files::new();
        let mut wanted = Vec::new();
        let mut links = Vec::new();
        for entry in self.entries(&tree)? {
            let path = String::from_utf8_lossy(&entry.path).into_owned();
            let (path, reading) = match reading(&path) {
                Some(found) => found,
                None => continue,
            };
            let unreadable = match (reading, entry.mode.as_str()) {
                (Reading::Folder, _) => Some("a directory, not a file"),
                (Reading::File, _) if std::str::from_utf8(&entry.path).is_err() => {
                    Some("a file whose name is not UTF-8")
                }
                (Reading::File, "120000") => {
                    links.push(path.to_owned());
                    continue;
                }
                (Reading::File, "160000") => Some("a submodule, whose files are in another repository"),
                (Reading::File, _) => None,
            };
            match unreadable {
                Some(what) => drop(files.insert(path.to_owned(), RawFile::Unreadable(what))),
                None if entry.bytes > MOST_BYTES => {
                    drop(files.insert(path.to_owned(), RawFile::Oversized(entry.bytes)))
                }
                None => wanted.push((path.to_owned(), entry.id)),
            }
        }
        let ids = wanted.iter().map(|(_, id)| id.as_str());
        let contents = self.contents(&["cat-file", "--batch"], ids)?;
        for ((path, _), content) in wanted.into_iter().zip(contents) {
            let content = match content {
                Content::Blob(bytes) => RawFile::Bytes(bytes),
                Content::Other(_) => RawFile::Unreadable("a file that this clone lacks: it is a partial one"),
            };
            files.insert(path, content);
        }
        for path in links {
            let content = self.linked(commit, &path)?;
            files.insert(path, content);
        }
        Ok(Some(files))
    }

    /// What a link of the commit leads to.
    fn linked(&self, commit: &Commit, path: &str) -> Result<RawFile, Failure> {
        if path.contains('\n') {
            return Ok(RawFile::Unreadable("a link whose name has a line break"));
        }
        let name = format!("{}:{}{path}", commit.id, self.start());
        let contents = self.contents(&["cat-file", "--batch", "--follow-symlinks"], std::iter::once(name.as_str()))?;
        Ok(match contents.into_iter().next() {
            Some(Content::Blob(bytes)) if bytes.len() as u64 > MOST_BYTES => RawFile::Oversized(bytes.len() as u64),
            Some(Content::Blob(bytes)) => RawFile::Bytes(bytes),
            Some(Content::Other(kind)) => RawFile::Unreadable(match kind.as_str() {
                "tree" => "a directory, not a file",
                "symlink" => "a link that leads out of the repository",
                "loop" => "a link that leads to itself",
                _ => "a link to nothing",
            }),
            None => RawFile::Unreadable("a link to nothing"),
        })
    }

    fn start(&self) -> String {
        if self.prefix.is_empty() { String::new() } else { format!("{}/", self.prefix) }
    }

    /// Every text below a folder of the commit, by its path below the folder; none when there is no such folder.
    pub(super) fn texts(&self, commit: &Commit, folder: &str) -> Result<Option<BTreeMap<String, String>>, Failure> {
        let Some(tree) = self.tree(commit, folder)? else { return Ok(None) };
        let files: Vec<Entry> =
            self.entries(&tree)?.into_iter().filter(|entry| entry.mode.starts_with("100")).collect();
        let contents = self.contents(&["cat-file", "--batch"], files.iter().map(|entry| entry.id.as_str()))?;
        let texts = files.into_iter().zip(contents).filter_map(|(entry, content)| match content {
            Content::Blob(bytes) => Some((String::from_utf8(entry.path).ok()?, String::from_utf8(bytes).ok()?)),
            Content::Other(_) => None,
        });
        Ok(Some(texts.collect()))
    }

    /// The tree at a path of a commit; none when something else stands there, or nothing.
    fn tree(&self, commit: &Commit, path: &str) -> Result<Option<String>, Failure> {
        self.parse(&format!("{}:{path}", commit.id))?.map_or(Ok(None), |id| {
            let output = self.git(&["cat-file", "-t", &id])?;
            Ok((output.stdout.trim_ascii() == b"tree").then_some(id))
        })
    }

    fn entries(&self, tree: &str) -> Result<Vec<Entry>, Failure> {
        let output = self.git(&["ls-tree", "-r", "-z", "-l", "--full-tree", tree])?;
        if !output.status.success() {
            return Err(self.failed("git could not list the files of the commit".to_owned(), &output));
        }
        let entry = |line: &[u8]| {
            let tab = line.iter().position(|byte| *byte == b'\t')?;
            let fields = String::from_utf8_lossy(&line[..tab]).into_owned();
            let mut fields = fields.split_ascii_whitespace();
            let (mode, _, id, bytes) = (fields.next()?, fields.next()?, fields.next()?, fields.next()?);
            // a submodule's size is a dash
            let bytes = bytes.parse().unwrap_or(0);
            Some(Entry { mode: mode.to_owned(), id: id.to_owned(), bytes, path: line[tab + 1..].to_vec() })
        };
        Ok(output.stdout.split(|byte| *byte == 0).filter_map(entry).collect())
    }

    /// The id of an object; none when there is no such object.
    fn parse(&self, name: &str) -> Result<Option<String>, Failure> {
        let output = self.git(&["rev-parse", "--verify", "--quiet", name])?;
        let id = String::from_utf8_lossy(&output.stdout).trim_end().to_owned();
        Ok((output.status.success() && !id.is_empty()).then_some(id))
    }

    /// The contents of objects, in their order.
    fn contents<'a>(&self, arguments: &[&str], names: impl Iterator<Item = &'a str>) -> Result<Vec<Content>, Failure> {
        let input: String = names.flat_map(|name| [name, "\n"]).collect();
        let mut command = self.command(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().map_err(not_started)?;
        let (Some(mut stdin), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(Failure::new("git cannot be spoken to"));
        };
        let count = input.lines().count();
        // both at once: git waits with its answers until somebody reads them
        let answers = std::thread::scope(|scope| {
            scope.spawn(move || stdin.write_all(input.as_bytes()));
            let mut answers = BufReader::new(stdout);
            (0..count).map(|_| answer(&mut answers)).collect::<Result<Vec<_>, _>>()
        });
        // a child that ended is no error by itself: what it did not answer is
        let _ = child.wait();
        answers.map_err(|error| Failure::new(error).hint("run `git fsck`: the repository may be damaged"))
    }

    fn git(&self, arguments: &[&str]) -> Result<Output, Failure> {
        self.command(arguments).stdin(Stdio::null()).output().map_err(not_started)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("git");
        for name in OF_OTHER_REPOSITORIES {
            command.env_remove(name);
        }
        // an object that a partial clone lacks would be fetched by a program that the repository's configuration names
        command.env("GIT_NO_LAZY_FETCH", "1").env("GIT_TERMINAL_PROMPT", "0").env("GIT_OPTIONAL_LOCKS", "0");
        command.env("LC_ALL", "C").args(["--no-pager", "--no-replace-objects"]);
        for setting in SAFE {
            command.args(["-c", setting]);
        }
        command.arg("-C").arg::<&OsStr>(self.directory.as_ref()).args(arguments);
        command
    }

    /// A failure with what git said.
    fn failed(&self, error: String, output: &Output) -> Failure {
        let mut failure = Failure::new(error);
        let said = String::from_utf8_lossy(&output.stderr);
        failure.details =
            said.lines().filter(|line| !line.trim().is_empty()).map(|line| format!("git: {}", shown(line))).collect();
        failure
    }
}

/// What stands under a name.
enum Content {
    /// A file.
    Blob(Vec<u8>),
    /// Something else, in git's word: `tree`, `missing`, `symlink`, `dangling`, `loop`.
    Other(String),
}

/// One answer of `git cat-file --batch`.
fn answer(answers: &mut impl std::io::BufRead) -> std::io::Result<Content> {
    let unexpected = || std::io::Error::other("git gave another answer than was asked for");
    let mut header = Vec::new();
    answers.read_until(b'\n', &mut header)?;
    let header = String::from_utf8_lossy(&header).trim_end().to_owned();
    let words: Vec<&str> = header.split(' ').collect();
    let body = |answers: &mut dyn Read, bytes: &str| {
        let bytes: u64 = bytes.parse().map_err(|_| unexpected())?;
        let mut body = Vec::new();
        answers.take(bytes).read_to_end(&mut body)?;
        let mut end = [0];
        answers.read_exact(&mut end)?;
        Ok::<_, std::io::Error>(body)
    };
    match words.as_slice() {
        [_, "blob", bytes] => Ok(Content::Blob(body(answers, bytes)?)),
        [_, kind @ ("tree" | "commit" | "tag"), bytes] => {
            body(answers, bytes).map(|_| Content::Other((*kind).to_owned()))
        }
        // `--follow-symlinks` answers with the path that it stopped at
        [kind @ ("symlink" | "dangling" | "loop" | "notdir"), bytes] => {
            body(answers, bytes).map(|_| Content::Other((*kind).to_owned()))
        }
        [.., "missing"] => Ok(Content::Other("missing".to_owned())),
        _ => Err(unexpected()),
    }
}

fn not_started(error: std::io::Error) -> Failure {
    let missing = error.kind() == std::io::ErrorKind::NotFound;
    let failure = Failure::new("git could not be started");
    let failure =
        if missing { failure.hint("install git, or compare with a directory: --against DIR") } else { failure };
    Failure { details: vec![error.to_string()], ..failure }
}

/// A text from outside without control characters.
fn shown(text: &str) -> String {
    text.chars()
        .flat_map(|letter| if letter.is_control() { letter.escape_default().collect::<Vec<_>>() } else { vec![letter] })
        .collect()
}

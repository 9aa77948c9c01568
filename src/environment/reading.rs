//! Which files of a directory belong to an environment: the rule of [`super::load()`], for those who have paths alone.

use super::read::JOBS;

/// What an environment makes of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// It reads the file.
    File,
    /// It would read a file of this name, but a folder bears it.
    Folder,
}

/// How an environment reads the file at a path below its directory, and the part of the path that it speaks of; none when it
/// leaves it alone.
#[must_use]
pub fn reading(path: &str) -> Option<(&str, Reading)> {
    if path.split('/').any(|part| part.starts_with('.')) {
        return None;
    }
    let mut folders = path.match_indices('/').map(|(end, _)| &path[..end]);
    if let Some(folder) = folders.find(|folder| is_yaml(folder)) {
        return Some((folder, Reading::Folder));
    }
    let is_logic = path.strip_prefix(JOBS).is_some_and(|name| {
        // `.py` alone is a name without an extension, and begins with a dot
        !name.contains('/') && name.ends_with(".py")
    });
    (is_yaml(path) || is_logic).then_some((path, Reading::File))
}

fn is_yaml(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.rsplit_once('.').is_some_and(|(_, end)| end.eq_ignore_ascii_case("yaml") || end.eq_ignore_ascii_case("yml"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_that_an_environment_reads() {
        let cases: &[(&str, Option<(&str, Reading)>)] = &[
            ("mesh.yaml", Some(("mesh.yaml", Reading::File))),
            ("domains/sales.YML", Some(("domains/sales.YML", Reading::File))),
            ("a/b/c.yaml", Some(("a/b/c.yaml", Reading::File))),
            ("jobs/orders.py", Some(("jobs/orders.py", Reading::File))),
            ("jobs/more/orders.py", None),
            ("orders.py", None),
            ("README.md", None),
            ("yaml", None),
            (".hidden.yaml", None),
            (".git/x.yaml", None),
            ("domains/.sales.yaml.swp/x.yaml", None),
            ("domains/sales.yaml/part.txt", Some(("domains/sales.yaml", Reading::Folder))),
            ("domains/sales.yaml/part.yaml", Some(("domains/sales.yaml", Reading::Folder))),
        ];
        for (path, expected) in cases {
            assert_eq!(reading(path), *expected, "{path}");
        }
    }
}

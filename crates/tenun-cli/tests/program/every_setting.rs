//! Every setting of the library's table, one after the other: `--resume` refuses it, and the report lists it.
//! That a sweep takes it is a test of the library.

use std::fs;

use tenun::settings::{self, DATA, INIT, OnlyWith, Setting, Settings, Takes};

use crate::support::{photographs, run, small_run, stderr};

/// The arguments that give a setting its example.
fn arguments(setting: &Setting) -> String {
    match setting.takes {
        Takes::Switch(_) => setting.argument(),
        _ if setting.is_positional => setting.example.to_owned(),
        _ => setting.with(setting.example),
    }
}

#[test]
fn resume_refuses_each_that_differs() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    small_run(folder);
    for setting in settings::all().filter(|setting| !setting.may_change) {
        let output = run(folder, &format!("train --resume run {}", arguments(setting)), 2);
        let told = format!("{} differs from the run in run", setting.argument());
        assert!(stderr(&output).contains(&told), "{setting:?}: {}", stderr(&output));
    }
    let may_change: Vec<_> = settings::all().filter(|setting| setting.may_change).collect();
    assert_eq!(may_change, [&settings::EPOCHS]);
}

/// Settings that go together, each with its example.
#[derive(Default)]
struct Group {
    of: Vec<&'static Setting>,
    settings: Settings,
    line: String,
}

impl Group {
    /// Takes a setting in, with the one that it is only with, if all that are in keep their examples.
    fn takes(&mut self, setting: &'static Setting) -> bool {
        let (mut settings, mut line) = (self.settings.clone(), self.line.clone());
        if let Some(OnlyWith { setting: other, values }) = setting.only_with
            && !settings
                .get(other)
                .is_some_and(|value| values.is_empty() || values.contains(&other.text(&value).as_str()))
        {
            let value = values.first().unwrap_or(&other.example);
            settings.set(other, Some(&(*value).into())).unwrap();
            line += &format!(" {}", other.with(value));
        }
        settings.set(setting, Some(&setting.example.into())).unwrap();
        let keeps = |of: &&&Setting| settings.get(of).is_some_and(|value| of.text(&value) == of.example);
        if self.of.iter().filter(keeps).count() < self.of.len() {
            return false;
        }
        *self = Self {
            of: [self.of.as_slice(), &[setting]].concat(),
            settings,
            line: format!("{line} {}", arguments(setting)),
        };
        true
    }
}

#[test]
fn the_report_lists_each_that_is_not_the_default() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    photographs(&folder.join("photos/train"), 40);
    photographs(&folder.join("photos/test"), 10);
    fs::write(folder.join("net.toml"), "[network]\nstages = [4]\n").unwrap();
    let mut groups: Vec<Group> = Vec::new();
    // The initial weights have to be those of the network.
    for setting in settings::all().filter(|setting| ![&DATA, &INIT].contains(setting)) {
        if !groups.iter_mut().any(|group| group.takes(setting)) {
            let mut group = Group::default();
            assert!(group.takes(setting));
            groups.push(group);
        }
    }
    assert!(groups.len() <= 4, "that many runs take long");
    let lists = |out: &str, rows: &[&Setting]| {
        let report = fs::read_to_string(folder.join(out).join("report.html")).unwrap();
        for setting in rows {
            let row = format!("<dt>{}</dt><dd>{}</dd>", setting.label, setting.example);
            assert!(report.contains(&row), "no `{row}` in the report");
        }
    };
    for (number, group) in groups.iter().enumerate() {
        let fixed =
            if group.of.contains(&&settings::SIZE) { "" } else { " --size 10x14 --fit crop --epochs 1" };
        run(folder, &format!("train photos{fixed}{} --quiet --out run{number}", group.line), 0);
        lists(&format!("run{number}"), &group.of);
    }
    fs::copy(folder.join("run0/model.safetensors"), folder.join(INIT.example)).unwrap();
    let line = format!("train photos{} {} --quiet --out again", groups[0].line, arguments(&INIT));
    run(folder, &line, 0);
    lists("again", &[&INIT]);
    // The report made again of a run that can do without the file still says so.
    fs::remove_file(folder.join(INIT.example)).unwrap();
    run(folder, "report again", 0);
    lists("again", &[&INIT]);
}

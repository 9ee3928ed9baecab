//! A tool with all that it has started: it runs below a shell, and ending the shell alone would leave it alive.

use std::io;
use tokio::process::{Child, Command};

/// The processes of one tool: a process group on Unix, a job object on Windows.
#[derive(Debug)]
pub(super) struct ProcessGroup(
    /// The number of the group.
    #[cfg(unix)]
    u32,
    /// Dropping it kills what is in it, unless it was [released](Self::release).
    #[cfg(windows)]
    Option<win32job::Job>,
);

#[cfg(unix)]
impl ProcessGroup {
    /// Starts a command in a group of its own.
    pub fn spawn(command: &mut Command) -> io::Result<(Child, Self)> {
        let child = command.process_group(0).spawn()?;
        let id = child.id().ok_or(io::ErrorKind::NotFound)?;
        Ok((child, Self(id)))
    }

    /// Asks the processes to end.
    pub fn end(&mut self) {
        self.signal("TERM");
    }

    /// Kills the processes.
    pub fn kill(&mut self) {
        self.signal("KILL");
    }

    /// Tells whether one of the processes has not ended.
    pub fn is_alive(&self) -> bool {
        self.signal("0")
    }

    /// Sends a signal by the shell that ran the tool: the standard library signals no group. Tells whether there was one to
    /// get it.
    fn signal(&self, signal: &str) -> bool {
        let kill = format!("kill -s {signal} -- -{}", self.0);
        let mut shell = std::process::Command::new("/bin/sh");
        shell.args(["-c", &kill]).stderr(std::process::Stdio::null()).status().is_ok_and(|status| status.success())
    }

    /// The group of that number.
    #[cfg(test)]
    pub fn of(id: u32) -> Self {
        Self(id)
    }

    /// Lets what the tool has left behind live on.
    pub fn release(self) {}
}

#[cfg(windows)]
impl ProcessGroup {
    /// Starts a command in a group of its own, which ends with this program, however that ends; and without the console,
    /// whose Ctrl-C and title are not the tool's.
    pub fn spawn(command: &mut Command) -> io::Result<(Child, Self)> {
        const CREATE_NO_WINDOW: u32 = 0x0800_0000;
        let job = win32job::Job::create_with_limit_info(win32job::ExtendedLimitInfo::new().limit_kill_on_job_close())?;
        let child = command.creation_flags(CREATE_NO_WINDOW).spawn()?;
        if let Some(handle) = child.raw_handle() {
            // It fails when the tool has just ended.
            let _ = job.assign_process(handle as isize);
        }
        Ok((child, Self(Some(job))))
    }

    /// Ends the processes. A program without a window cannot be asked.
    pub fn end(&mut self) {
        self.kill();
    }

    /// Kills the processes.
    pub fn kill(&mut self) {
        self.0 = None;
    }

    /// Tells whether one of the processes has not ended. None outlives [`end`](Self::end).
    pub fn is_alive(&self) -> bool {
        self.0.is_some()
    }

    /// Lets what the tool has left behind live on.
    pub fn release(self) {
        if let Some(job) = &self.0 {
            let _ = job.set_extended_limit_info(&win32job::ExtendedLimitInfo::new());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{process::Stdio, time::Duration};

    /// A process below a shell that takes so many seconds.
    fn started(seconds: u32) -> (Child, ProcessGroup) {
        let mut command = if cfg!(windows) {
            let mut command = Command::new("cmd");
            command.args(["/C", &format!("ping -n {seconds} 127.0.0.1")]);
            command
        } else {
            let mut command = Command::new("/bin/sh");
            command.args(["-c", &format!("sleep {seconds}; true")]);
            command
        };
        ProcessGroup::spawn(command.stdin(Stdio::null()).stdout(Stdio::piped())).unwrap()
    }

    #[tokio::test]
    async fn a_group_ends_with_all_that_it_has_started() {
        for end in [ProcessGroup::end, ProcessGroup::kill] {
            let (child, mut group) = started(600);
            tokio::time::sleep(Duration::from_millis(100)).await;
            end(&mut group);
            // Both hold the other end of the pipe.
            child.wait_with_output().await.unwrap();
        }
    }

    #[tokio::test]
    async fn what_is_released_lives_on() {
        let (mut child, group) = started(3);
        group.release();
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert!(child.try_wait().unwrap().is_none());
        child.kill().await.unwrap();
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "sshd.h"

#include "daemon.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define SERVER "/usr/sbin/sshd"

static void
run(const char *const *arguments)
{
	int status;
	pid_t child = daemon_start(arguments);

	must(waitpid(child, &status, 0) == child);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		fail_msg("%s failed", arguments[0]);
}

static const char *
path_of(const struct sshd *sshd, const char *name)
{
	static char paths[4][160];
	static size_t next;
	char *path = paths[next++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s", sshd->folder, name);
	return path;
}

static void
make_key(const struct sshd *sshd, const char *name)
{
	const char *const arguments[] = {
		"/usr/bin/ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f",
		path_of(sshd, name), NULL,
	};

	daemon_need(arguments[0], "openssh-client");
	run(arguments);
}

static void
read_file(const char *path, struct buf *text)
{
	FILE *file = fopen(path, "r");

	must(file != NULL && buf_add_file(text, file, 64 * 1024));
	(void)fclose(file);
}

/* "256 SHA256:… comment (ED25519)" */
static void
read_host_key(struct sshd *sshd)
{
	char command[256];
	FILE *output;

	snprintf(command, sizeof(command), "ssh-keygen -l -f %s",
	    path_of(sshd, "host"));
	output = popen(command, "r");
	must(output != NULL);
	must(fscanf(output, "%*d %63s", sshd->host_key) == 1);
	(void)pclose(output);
}

/* The files are served by sshd itself: no shell, whose own files may do what
 * they like, is started. */
static void
write_configuration(const struct sshd *sshd)
{
	FILE *file = fopen(path_of(sshd, "configuration"), "w");

	must(file != NULL);
	(void)fprintf(file,
	    "HostKey %s/host\n"
	    "AuthorizedKeysFile %s/friend.pub\n"
	    "PidFile none\n"
	    "StrictModes no\n"
	    "UsePAM no\n"
	    "PermitRootLogin yes\n"
	    "PasswordAuthentication yes\n"
	    "MaxAuthTries 2\n"
	    "Subsystem sftp internal-sftp\n"
	    "ForceCommand internal-sftp -d %s\n",
	    sshd->folder, sshd->folder, sshd->files);
	must(fclose(file) == 0);
}

/* ------------------------------------------------------------ the acceptor */

static void
serve_one(const struct sshd *sshd, int fd)
{
	int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
	const char *build = getenv("builddir");
	char shim[1024];

	snprintf(shim, sizeof(shim), "%s/tests/unit/http/shim_files.so",
	    build != NULL ? build : ".");
	(void)setenv("LD_PRELOAD", shim, 1);
	(void)setenv("STATED_TEST_FOLDER", sshd->folder, 1);
	(void)dup2(fd, STDIN_FILENO);
	(void)dup2(fd, STDOUT_FILENO);
	(void)dup2(nowhere, STDERR_FILENO);
	close(fd);
	(void)execl(SERVER, SERVER, "-i", "-e", "-f",
	    path_of(sshd, "configuration"), (char *)NULL);
	_exit(127);
}

static volatile sig_atomic_t listening;

/* accept() ends, or, where it has not begun, fails. */
static void
stop_cb(int number)
{
	(void)number;
	(void)close(listening);
}

/*
 * The servers that it starts end with their connections, and it ends with the
 * last of them: none is left behind, nor is it itself by a test that fails.
 * Its number is taken away once nobody gets in any more.
 */
_Noreturn static void
accept_all(const struct sshd *sshd, int listener)
{
	const struct sigaction stop = {.sa_handler = stop_cb};
	int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
	int fd;

	(void)dup2(nowhere, STDOUT_FILENO);
	(void)dup2(nowhere, STDERR_FILENO);
	listening = listener;
	(void)sigaction(SIGTERM, &stop, NULL);
	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
	while ((fd = accept(listener, NULL, NULL)) >= 0) {
		if (fork() == 0) {
			(void)signal(SIGTERM, SIG_DFL);
			close(listener);
			serve_one(sshd, fd);
		}
		close(fd);
	}
	(void)unlink(path_of(sshd, "acceptor"));
	while (wait(NULL) > 0 || errno == EINTR)
		continue;
	_exit(0);
}

static int
listen_somewhere(struct sshd *sshd)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t bytes = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	must(fd >= 0);
	must(bind(fd, (struct sockaddr *)&address, bytes) == 0);
	must(listen(fd, 16) == 0);
	must(getsockname(fd, (struct sockaddr *)&address, &bytes) == 0);
	snprintf(sshd->port, sizeof(sshd->port), "%u",
	    ntohs(address.sin_port));
	return fd;
}

static void
write_number(const char *path, pid_t number)
{
	FILE *file = fopen(path, "w");

	must(file != NULL);
	must(fprintf(file, "%d\n", (int)number) > 0 && fclose(file) == 0);
}

void
sshd_open(struct sshd *sshd)
{
	const struct passwd *person = getpwuid(getuid());
	int listener;

	*sshd = (struct sshd){0};
	daemon_need(SERVER, "openssh-server");
	must(person != NULL);
	strcpy(sshd->folder, "/tmp/stated-sshd-XXXXXX");
	must(mkdtemp(sshd->folder) != NULL);
	snprintf(sshd->files, sizeof(sshd->files), "%s/files", sshd->folder);
	snprintf(sshd->user, sizeof(sshd->user), "%s", person->pw_name);
	must(mkdir(sshd->files, 0700) == 0);
	make_key(sshd, "host");
	make_key(sshd, "friend");
	make_key(sshd, "stranger");
	read_file(path_of(sshd, "friend"), &sshd->key);
	read_file(path_of(sshd, "stranger"), &sshd->stranger);
	read_host_key(sshd);
	write_configuration(sshd);
	/* Where it would put a part of itself away, were it to. */
	if (getuid() == 0)
		(void)mkdir("/run/sshd", 0755);
	listener = listen_somewhere(sshd);
	sshd->acceptor = fork();
	must(sshd->acceptor >= 0);
	if (sshd->acceptor == 0)
		accept_all(sshd, listener);
	close(listener);
	write_number(path_of(sshd, "acceptor"), sshd->acceptor);
}

void
sshd_cut(struct sshd *sshd, const char *where)
{
	FILE *file = fopen(path_of(sshd, "cut"), "w");

	must(file != NULL);
	must(fputs(where, file) >= 0 && fclose(file) == 0);
}

void
sshd_close(struct sshd *sshd)
{
	const char *const arguments[] = {
		"/bin/rm", "-rf", sshd->folder, NULL,
	};

	daemon_stop(sshd->acceptor);
	run(arguments);
	buf_fini(&sshd->key);
	buf_fini(&sshd->stranger);
}

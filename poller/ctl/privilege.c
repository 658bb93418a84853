/* poller/ctl/privilege.c: what needs root is opened first; then the process becomes the configured user.
 *
 * user = "root" stays root, but without the capabilities it does not need, and cannot gain new ones by exec.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "poller/base/log.h"
#include "poller/base/secret.h"
#include "poller/ctl/daemon-int.h"

static bool pings_any(const struct config *c)
{
	for (uint32_t i = 0; i < c->device_count; i++)
		if (c->device[i].ping)
			return true;
	return false;
}

/* Cron's first run on a state folder says what it may not do, not each one after it. */
static bool said_before(const struct config *c, bool once)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/forewarn.db", c->state);
	return once && access(path, F_OK) == 0;
}

enum fw_err privilege_sockets(const struct config *c, bool once, struct worker_sockets *s, unsigned workers, struct err *err)
{
	bool said = !pings_any(c) || said_before(c, once);

	for (unsigned i = 0; i < workers; i++) {
		snmp_sockets_new(s[i].udp, (uint32_t)c->receive_octets);
		if (icmp_open(&s[i].icmp, err) != FW_OK && !said) {
			log_warn(LOG_ICMP, "%s", err->text);	/* with the way out; SNMP goes on */
			said = true;
		}
	}
	return FW_OK;
}

static enum fw_err find_user(const struct config *c, struct passwd *pw, char *buf, size_t size, struct err *err)
{
	struct passwd *found = NULL;

	if (getpwnam_r(c->user, pw, buf, size, &found) == 0 && found != NULL)
		return FW_OK;
	return err_set(err, FW_MISTAKE, "cannot become user '%s': there is none; make it with 'adduser --system --group --no-create-home "
		       "--home %s %s', or set user = \"root\" in '%s'", c->user, c->state, c->user, c->path);
}

static enum fw_err folder_make(const char *path, bool give, const struct passwd *pw, struct err *err)
{
	struct stat st;

	if (mkdir(path, 0750) != 0 && errno != EEXIST)
		return err_set(err, FW_IO, "cannot make state folder '%s': %s", path, err_errno());
	if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode))
		return err_set(err, FW_IO, "cannot use state folder '%s': it is not a folder", path);
	if (give && st.st_uid != pw->pw_uid && chown(path, pw->pw_uid, pw->pw_gid) != 0)
		return err_set(err, FW_IO, "cannot give state folder '%s' to user '%s': %s", path, pw->pw_name, err_errno());
	return FW_OK;
}

enum fw_err privilege_folder(const struct config *c, struct err *err)
{
	struct passwd pw = { 0 };
	char buf[4096];
	bool root = geteuid() == 0;
	enum fw_err e = root ? find_user(c, &pw, buf, sizeof(buf), err) : FW_OK;

	if (e == FW_OK)
		e = folder_make(c->state, root, &pw, err);
	if (e == FW_OK && !root && access(c->state, W_OK | X_OK) != 0)
		e = err_set(err, FW_IO, "cannot write state folder '%s': %s; run as its owner or as root, or name another with -s", c->state,
			    err_errno());
	return e;
}

enum fw_err privilege_home(const struct config *c, struct err *err)
{
	struct passwd pw = { 0 };
	char buf[4096];
	bool give = geteuid() == 0 && find_user(c, &pw, buf, sizeof(buf), err) == FW_OK;

	return access(c->state, F_OK) == 0 ? FW_OK : folder_make(c->state, give, &pw, err);
}

/* Root stays, with what polling needs: raw sockets were opened before, so nothing but its own files' access is left. */
static enum fw_err drop_capabilities(struct err *err)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { { 0 } };
	const uint32_t keep = 1u << CAP_DAC_OVERRIDE | 1u << CAP_KILL;

	data[0].effective = data[0].permitted = keep;
	for (int cap = 0; cap <= 63; cap++)
		if (!(cap < 32 && keep >> cap & 1))
			prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);	/* EINVAL beyond what the kernel knows */
	if (syscall(SYS_capset, &head, data) != 0)
		return err_set(err, FW_IO, "cannot give up capabilities: %s", err_errno());
	return FW_OK;
}

enum fw_err privilege_drop(const struct config *c, struct err *err)
{
	struct passwd pw;
	char buf[4096];
	enum fw_err e;

	if (geteuid() != 0)
		return FW_OK;
	if ((e = find_user(c, &pw, buf, sizeof(buf), err)) != FW_OK)
		return e;
	if (pw.pw_uid == 0)
		return drop_capabilities(err);
	if (initgroups(pw.pw_name, pw.pw_gid) != 0 || setgid(pw.pw_gid) != 0 || setuid(pw.pw_uid) != 0)
		return err_set(err, FW_IO, "cannot become user '%s': %s", c->user, err_errno());
	must(setuid(0) != 0);	/* there is no way back */
	secret_no_core();	/* the kernel has decided that anew */
	return FW_OK;
}

/* A file of this folder that this process may not write; "" when there is none. What links lead to is not looked at. */
static void find_foreign(const char *state, char *path, size_t size)
{
	DIR *dir = opendir(state);
	struct dirent *e;

	path[0] = '\0';
	while (dir != NULL && path[0] == '\0' && (e = readdir(dir)) != NULL)
		if (e->d_name[0] != '.' && (e->d_type == DT_REG || e->d_type == DT_DIR) && faccessat(dirfd(dir), e->d_name, W_OK, 0) != 0)
			snprintf(path, size, "%s/%s", state, e->d_name);
	if (dir != NULL)
		closedir(dir);
}

enum fw_err privilege_state(const struct config *c, struct err *err)
{
	struct passwd pw, *found = NULL;
	char path[1024], buf[4096];
	struct statvfs v;

	if (access(c->state, W_OK | X_OK) != 0)
		return err_set(err, FW_IO, "cannot write state folder '%s': %s", c->state, err_errno());
	find_foreign(c->state, path, sizeof(path));
	if (path[0] == '\0')
		return FW_OK;
	if (statvfs(path, &v) == 0 && v.f_flag & ST_RDONLY)
		return err_set(err, FW_IO, "cannot write '%s': its file system is read-only", path);
	getpwuid_r(geteuid(), &pw, buf, sizeof(buf), &found);
	return err_set(err, FW_IO, "cannot write '%s': it is somebody else's; as root: chown -R %s: '%s'", path, found ? found->pw_name : "USER",
		       c->state);
}

/* Made by root, it is the folder's owner's all the same: cron runs as that user. Not what a link leads elsewhere. */
static void give_to_owner(int fd, const char *state)
{
	struct stat folder, st;

	if (geteuid() == 0 && stat(state, &folder) == 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_nlink == 1 &&
	    st.st_uid != folder.st_uid && fchown(fd, folder.st_uid, folder.st_gid) != 0)
		log_warn(LOG_MAIN, "cannot give '%s/lock' to the owner of its folder: %s", state, err_errno());
}

enum fw_err privilege_lock(const char *state, int *fd, long *pid, struct err *err)
{
	char path[1024], text[32] = "";
	int n;

	snprintf(path, sizeof(path), "%s/lock", state);
	*fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
	if (*fd < 0)
		return err_set(err, FW_IO, "cannot open '%s': %s", path, err_errno());
	if (flock(*fd, LOCK_EX | LOCK_NB) == 0) {
		give_to_owner(*fd, state);
		n = snprintf(text, sizeof(text), "%ld\n", (long)getpid());
		if (ftruncate(*fd, 0) != 0 || pwrite(*fd, text, (size_t)n, 0) != n)
			log_warn(LOG_MAIN, "cannot write '%s': %s", path, err_errno());
		return FW_OK;
	}
	*pid = pread(*fd, text, sizeof(text) - 1, 0) > 0 ? strtol(text, NULL, 10) : 0;
	close(*fd);
	*fd = -1;
	return err_set(err, FW_LOCKED, "state folder '%s' is in use by process %ld", state, *pid);
}

void sd_notify_text(const char *text)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd;

	if (path == NULL || path[0] == '\0' || strlen(path) >= sizeof(to.sun_path))
		return;
	memcpy(to.sun_path, path, strlen(path));
	if (to.sun_path[0] == '@')
		to.sun_path[0] = '\0';	/* abstract name, sd_notify(3) */
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	if (sendto(fd, text, strlen(text), MSG_NOSIGNAL, (struct sockaddr *)(void *)&to,
		   (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path))) < 0)
		log_warn(LOG_MAIN, "cannot notify the service manager: %s", err_errno());
	close(fd);
}

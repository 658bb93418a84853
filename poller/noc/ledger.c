/* poller/noc/ledger.c: the ledger's file: opening, schema, transactions (sqlite.org/wal.html, sqlite.org/pragma.html).
 *
 * WAL with synchronous=FULL: what is committed is on the disk. A reader that may not write the folder still reads:
 * SQLite keeps the index of the log in its own memory then; where there is no log, the file is read as it is.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "poller/base/log.h"
#include "poller/base/text.h"
#include "ledger-int.h"

enum { BUSY_MS = 2000, CHECK_BELOW_OCTETS = 64 << 20, BROKEN_MOST = 100 };

static const char *const statements[SQL_STATEMENTS] = {
#define LEDGER_SQL(name, sql) [SQL_##name] = sql,
	LEDGER_STATEMENTS(LEDGER_SQL)
#undef LEDGER_SQL
};

/* migration[v] brings schema v to v + 1; they are only ever added to. Times are microseconds since 1970, 0: never. */
static const char *const migrations[] = {
	"CREATE TABLE event(id INTEGER PRIMARY KEY, at INTEGER NOT NULL, after INTEGER NOT NULL, what TEXT NOT NULL,"
	" name TEXT NOT NULL, before TEXT NOT NULL, now TEXT NOT NULL, reason TEXT NOT NULL, who TEXT NOT NULL);\n"
	"CREATE INDEX event_at ON event(at);\n"
	"CREATE INDEX event_name ON event(name, at);\n"
	"CREATE TABLE state(name TEXT PRIMARY KEY, state INTEGER NOT NULL, admin INTEGER NOT NULL, gone INTEGER NOT NULL,"
	" icmp INTEGER NOT NULL, snmp INTEGER NOT NULL, reason TEXT NOT NULL, since INTEGER NOT NULL,"
	" since_after INTEGER NOT NULL, until INTEGER NOT NULL, seen INTEGER NOT NULL) WITHOUT ROWID;\n"
	"CREATE TABLE part(name TEXT PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID;\n"
	"CREATE TABLE alert(number INTEGER PRIMARY KEY, sequence INTEGER NOT NULL, key TEXT NOT NULL, kind TEXT NOT NULL,"
	" severity TEXT NOT NULL, transition TEXT NOT NULL, state TEXT NOT NULL, raised INTEGER NOT NULL,"
	" changed INTEGER NOT NULL, cleared INTEGER NOT NULL, detail TEXT NOT NULL);\n"
	"CREATE INDEX alert_open ON alert(number) WHERE cleared = 0;\n"
	"CREATE INDEX alert_cleared ON alert(cleared) WHERE cleared <> 0;\n"
	"CREATE TABLE outbox(id INTEGER PRIMARY KEY AUTOINCREMENT, number INTEGER NOT NULL, sequence INTEGER NOT NULL,"
	" target TEXT NOT NULL, queued INTEGER NOT NULL, sent INTEGER NOT NULL, detail TEXT);\n"
	"CREATE INDEX outbox_unsent ON outbox(id) WHERE sent = 0;\n"
	"CREATE TABLE cycle(id INTEGER PRIMARY KEY CHECK (id = 1), began INTEGER NOT NULL, ended INTEGER NOT NULL,"
	" summary TEXT NOT NULL);\n"
	"CREATE TABLE number(id INTEGER PRIMARY KEY CHECK (id = 1), next INTEGER NOT NULL);\n",
	"CREATE TABLE history(name TEXT PRIMARY KEY, since INTEGER NOT NULL, until INTEGER NOT NULL, now INTEGER NOT NULL,"
	" before INTEGER NOT NULL, failures INTEGER NOT NULL, repairs INTEGER NOT NULL, up INTEGER NOT NULL,"
	" down INTEGER NOT NULL) WITHOUT ROWID;\n",
	/* Numbers are never given twice: AUTOINCREMENT. Members and services are lists as JSON, 'mark' an alert. */
	"CREATE TABLE maintenance(number INTEGER PRIMARY KEY AUTOINCREMENT, from_at INTEGER NOT NULL, until_at INTEGER NOT NULL,"
	" began INTEGER NOT NULL, ended INTEGER NOT NULL, why TEXT NOT NULL, who TEXT NOT NULL, members TEXT NOT NULL,"
	" foreseen TEXT NOT NULL);\n"
	"CREATE TABLE accepted(number INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL, at INTEGER NOT NULL,"
	" until INTEGER NOT NULL, ended INTEGER NOT NULL, why TEXT NOT NULL, who TEXT NOT NULL, mark TEXT NOT NULL);\n",
	"ALTER TABLE state ADD COLUMN why INTEGER NOT NULL DEFAULT 0;\n",
};

enum { SCHEMA = sizeof(migrations) / sizeof(*migrations) };

/* ---- errors ----------------------------------------------------------------------------------------------------- */

static enum fw_err code_of(int sqlite_code)
{
	switch (sqlite_code & 0xff) {
	case SQLITE_OK: case SQLITE_ROW: case SQLITE_DONE: return FW_OK;
	case SQLITE_CORRUPT: case SQLITE_NOTADB: return FW_BROKEN;
	case SQLITE_BUSY: case SQLITE_LOCKED: return FW_LOCKED;
	case SQLITE_NOMEM: return FW_NOMEM;
	default: return FW_IO;
	}
}

enum fw_err ledger_failed(struct ledger *l, const char *what, struct err *err)
{
	int system = sqlite3_system_errno(l->db);	/* "disk I/O error" alone does not say what would be right */

	errno = system;
	return err_set(err, code_of(sqlite3_extended_errcode(l->db)), "cannot %s '%s': %s%s%s%s", what, l->path, sqlite3_errmsg(l->db),
		       system ? " (" : "", system ? err_errno() : "", system ? ")" : "");
}

/* ---- statements ------------------------------------------------------------------------------------------------- */

sqlite3_stmt *ledger_statement(struct ledger *l, enum ledger_statement which, struct err *err)
{
	sqlite3_stmt **s = &l->statement[which];

	if (!*s && sqlite3_prepare_v3(l->db, statements[which], -1, SQLITE_PREPARE_PERSISTENT, s, NULL) != SQLITE_OK) {
		ledger_failed(l, "use", err);
		return NULL;
	}
	sqlite3_reset(*s);
	return *s;
}

enum fw_err ledger_step(struct ledger *l, sqlite3_stmt *s, struct err *err)
{
	int code;

	if (!s)
		return code_of(sqlite3_extended_errcode(l->db));
	code = sqlite3_step(s);
	if (code == SQLITE_DONE || code == SQLITE_ROW) {
		sqlite3_reset(s);
		return FW_OK;
	}
	ledger_failed(l, "write", err);
	sqlite3_reset(s);
	return code_of(code);
}

void ledger_bind(sqlite3_stmt *s, const char *types, ...)
{
	va_list ap;

	va_start(ap, types);
	for (int i = 0; s && types[i]; i++) {
		if (types[i] == 't')
			sqlite3_bind_text(s, i + 1, va_arg(ap, const char *), -1, SQLITE_TRANSIENT);
		else if (types[i] == 'w')
			sqlite3_bind_int64(s, i + 1, va_arg(ap, struct wall).us);
		else
			sqlite3_bind_int64(s, i + 1, va_arg(ap, int64_t));
	}
	va_end(ap);
}

static void finalize_all(struct ledger *l)
{
	for (unsigned i = 0; i < SQL_STATEMENTS; i++) {
		sqlite3_finalize(l->statement[i]);
		l->statement[i] = NULL;
	}
}

static enum fw_err run(struct ledger *l, const char *sql, struct err *err)
{
	if (sqlite3_exec(l->db, sql, NULL, NULL, NULL) != SQLITE_OK)
		return ledger_failed(l, "use", err);
	return FW_OK;
}

static bool ask_number(struct ledger *l, const char *sql, int64_t *number)
{
	sqlite3_stmt *s = NULL;
	bool got = sqlite3_prepare_v2(l->db, sql, -1, &s, NULL) == SQLITE_OK && sqlite3_step(s) == SQLITE_ROW;

	if (got)
		*number = sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	return got;
}

/* ---- opening ---------------------------------------------------------------------------------------------------- */

static enum fw_err migrate(struct ledger *l, struct err *err)
{
	int64_t version = 0;
	enum fw_err e = FW_OK;

	if (!ask_number(l, "PRAGMA user_version", &version))
		return ledger_failed(l, "read", err);
	if (version > SCHEMA)
		return err_set(err, FW_MISTAKE, "cannot use '%s': schema %lld of a newer forewarn, this one knows %d; "
			       "run that one, or move the file aside", l->path, (long long)version, SCHEMA);
	for (; version < SCHEMA && e == FW_OK; version++) {
		char done[64];

		snprintf(done, sizeof(done), "PRAGMA user_version = %lld; COMMIT", (long long)version + 1);
		e = run(l, "BEGIN IMMEDIATE", err);
		if (e == FW_OK)
			e = run(l, migrations[version], err);
		if (e == FW_OK)
			e = run(l, done, err);
		if (e != FW_OK && !sqlite3_get_autocommit(l->db))
			sqlite3_exec(l->db, "ROLLBACK", NULL, NULL, NULL);
	}
	return e;
}

/* A small file is looked through; a large one shows its damage when the page is read. */
static enum fw_err look_through(struct ledger *l, struct err *err)
{
	sqlite3_stmt *s = NULL;
	struct stat st;
	enum fw_err e = FW_OK;
	int code;

	if (stat(l->path, &st) != 0 || st.st_size > CHECK_BELOW_OCTETS)
		return FW_OK;
	code = sqlite3_prepare_v2(l->db, "PRAGMA quick_check(1)", -1, &s, NULL);
	if (code == SQLITE_OK)
		code = sqlite3_step(s);
	if (code != SQLITE_ROW)
		e = ledger_failed(l, "read", err);
	else if (strcmp((const char *)sqlite3_column_text(s, 0), "ok") != 0)
		e = err_set(err, FW_BROKEN, "cannot use '%s': %s", l->path, (const char *)sqlite3_column_text(s, 0));
	sqlite3_finalize(s);
	return e;
}

/* Root gives it to whoever owns the folder: it must stay writable for whoever polls. */
static bool give_to_owner(const struct ledger *l, int fd)
{
	char folder[sizeof(l->path)];
	struct stat st;

	snprintf(folder, sizeof(folder), "%s", l->path);
	*strrchr(folder, '/') = '\0';
	return geteuid() != 0 || (stat(folder, &st) == 0 && fchown(fd, st.st_uid, st.st_gid) == 0);
}

/* For its group to read. One that is there is not opened: closing it would let go of locks of SQLite (fcntl(2)). */
static enum fw_err make_file(struct ledger *l, struct err *err)
{
	int fd;

	if (access(l->path, F_OK) == 0)
		return FW_OK;
	fd = open(l->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
	if (fd < 0 && errno != EEXIST)
		return err_set(err, FW_IO, "cannot make '%s': %s", l->path, err_errno());
	if (fd >= 0 && !give_to_owner(l, fd))
		log_warn(LOG_LEDGER, "cannot give '%s' to the owner of its folder: %s", l->path, err_errno());
	if (fd >= 0)
		close(fd);
	return FW_OK;
}

/* Of pages; or the daemon grows for weeks, as the ledger does, until it has SQLite's usual two megabytes twice. */
#define CACHE_SIZE "PRAGMA cache_size = -512;"

static enum fw_err open_write(struct ledger *l, struct err *err)
{
	enum fw_err e = make_file(l, err);

	if (e != FW_OK)
		return e;
	if (sqlite3_open_v2(l->path, &l->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
		return ledger_failed(l, "open", err);
	sqlite3_busy_timeout(l->db, BUSY_MS);
	e = run(l, "PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
		   "PRAGMA journal_size_limit = 4194304; PRAGMA trusted_schema = OFF;" CACHE_SIZE, err);
	if (e == FW_OK)
		e = look_through(l, err);
	return e == FW_OK ? migrate(l, err) : e;
}

static void close_db(struct ledger *l)
{
	finalize_all(l);
	sqlite3_close(l->db);
	l->db = NULL;
}

/* "forewarn.db.broken-1" and its log, the first number that is free. */
static enum fw_err put_aside(struct ledger *l, struct err *err)
{
	static const char *const parts[] = { "", "-wal", "-shm" };
	char to[sizeof(l->path) + 64], from[sizeof(l->path) + 8];
	struct stat st;
	int n = 0;

	do
		snprintf(to, sizeof(to), "%s.broken-%d", l->path, ++n);
	while (n < BROKEN_MOST && stat(to, &st) == 0);
	for (unsigned i = 0; i < 3; i++) {
		snprintf(from, sizeof(from), "%s%s", l->path, parts[i]);
		snprintf(to, sizeof(to), "%s.broken-%d%s", l->path, n, parts[i]);
		if (rename(from, to) != 0 && errno != ENOENT)
			return err_set(err, FW_IO, "cannot put the damaged '%s' aside: %s", from, err_errno());
	}
	log_error(LOG_LEDGER, "'%s' is damaged: put aside as '%s.broken-%d', begun anew; its events and alerts are"
		  " not lost there (sqlite3 .recover)", l->path, l->path, n);
	return FW_OK;
}

enum fw_err ledger_renew(struct ledger *l, struct err *err)
{
	enum fw_err e;

	close_db(l);
	e = put_aside(l, err);
	return e == FW_OK ? open_write(l, err) : e;
}

static enum fw_err cannot_read(struct ledger *l, const char *why, struct err *err)
{
	struct group g, *found = NULL;
	struct stat st;
	char buf[1024];

	if (stat(l->path, &st) != 0 && errno == ENOENT)
		return err_set(err, FW_NOTFOUND, "cannot read '%s': no such file; nothing has been polled yet, or -s is wrong",
			       l->path);
	if (access(l->path, R_OK) == 0)
		return err_set(err, FW_IO, "cannot read '%s': %s", l->path, why);
	if (stat(l->path, &st) == 0)
		getgrgid_r(st.st_gid, &g, buf, sizeof(buf), &found);
	return err_set(err, FW_IO, "cannot read '%s': %s; be in group '%s' (usermod -aG %s USER, then log in again)", l->path,
		       err_errno(), found ? found->gr_name : "forewarn", found ? found->gr_name : "forewarn");
}

static enum fw_err open_uri(struct ledger *l, const char *option)
{
	char uri[3 * sizeof(l->path) + 64];
	struct text t = text_over(uri, sizeof(uri));
	int64_t tables;

	text_add(&t, "file:");
	for (const char *p = l->path; *p; p++)
		text_add(&t, strchr("?#% ", *p) ? "%%%02X" : "%c", (unsigned char)*p);
	text_add(&t, "?mode=ro%s", option);
	if (sqlite3_open_v2(uri, &l->db, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
		return FW_IO;
	sqlite3_busy_timeout(l->db, BUSY_MS);
	sqlite3_exec(l->db, CACHE_SIZE, NULL, NULL, NULL);
	if (ask_number(l, "SELECT count(*) FROM sqlite_master", &tables))
		return FW_OK;
	return code_of(sqlite3_extended_errcode(l->db));
}

/* Without a log there is nothing that the file itself does not have: it may be read as it is. */
static bool has_no_log(const struct ledger *l)
{
	char wal[sizeof(l->path) + 8];
	struct stat st;

	snprintf(wal, sizeof(wal), "%s-wal", l->path);
	return stat(wal, &st) != 0 || st.st_size == 0;
}

static enum fw_err open_read(struct ledger *l, struct err *err)
{
	int64_t version = 0;
	enum fw_err e = access(l->path, R_OK) == 0 ? open_uri(l, "") : cannot_read(l, "", err);

	if (!l->db)
		return e;
	if (e == FW_IO && has_no_log(l)) {
		close_db(l);
		e = open_uri(l, "&immutable=1");
	}
	if (e != FW_OK)
		return e == FW_IO ? cannot_read(l, sqlite3_errmsg(l->db), err) : ledger_failed(l, "read", err);
	ask_number(l, "PRAGMA user_version", &version);
	if (version == SCHEMA)
		return FW_OK;
	if (version == 0)
		return err_set(err, FW_NOTFOUND, "cannot read '%s': it is empty; nothing has been polled yet", l->path);
	return err_set(err, FW_MISTAKE, "cannot read '%s': its schema is %lld, this forewarn knows %d; %s", l->path,
		       (long long)version, SCHEMA, version < SCHEMA ? "start the new daemon once" : "use the newer forewarn");
}

struct ledger *ledger_open(const char *folder, enum ledger_mode mode, struct err *err)
{
	struct ledger *l = must_alloc(sizeof(*l));
	enum fw_err e;

	l->mode = mode;
	snprintf(l->path, sizeof(l->path), "%s/forewarn.db", folder);
	e = mode == LEDGER_WRITE ? open_write(l, err) : open_read(l, err);
	if (e == FW_BROKEN && mode == LEDGER_WRITE)
		e = ledger_renew(l, err);
	if (e == FW_OK)
		return l;
	ledger_close(l);
	return NULL;
}

void ledger_close(struct ledger *l)
{
	if (!l)
		return;
	close_db(l);
	free(l);
}

/* ---- transactions ----------------------------------------------------------------------------------------------- */

enum fw_err ledger_begin(struct ledger *l, struct err *err)
{
	return ledger_step(l, ledger_statement(l, SQL_BEGIN, err), err);
}

enum fw_err ledger_commit(struct ledger *l, struct err *err)
{
	return ledger_step(l, ledger_statement(l, SQL_COMMIT, err), err);
}

void ledger_rollback(struct ledger *l)
{
	if (!sqlite3_get_autocommit(l->db))
		ledger_step(l, ledger_statement(l, SQL_ROLLBACK, NULL), NULL);
}

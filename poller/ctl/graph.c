/* poller/ctl/graph.c: forewarn graph: a component's history as a picture, drawn by librrd in a process of its own.
 *
 * What is held for the file is written first (the daemon is asked). The default picture of a class comes from the table
 * below; a class without a row shows its first columns of one unit.
 */
#define _GNU_SOURCE		/* pipe2 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "poller/base/arena.h"
#include "poller/base/hash.h"
#include "poller/base/text.h"
#include "poller/ctl/ctl.h"
#include "poller/lastfile.h"

enum { LINES_MOST = 8 };

static const struct picture {
	const char *class_name, *ds, *label, *unit;
	double scale;
	bool below, area;
	uint32_t color;
} pictures[] = {
	{ "interface", "in_octets", "in", "bit/s", 8, false, true, 0x4caf7d },
	{ "interface", "out_octets", "out", "bit/s", 8, true, true, 0x3f7fbf },
	{ "icmp", "rtt_max", "slowest", "s", 1, false, true, 0xcfe3f5 },
	{ "icmp", "rtt_median", "median", "s", 1, false, false, 0x1f5f9f },
	{ "icmp", "rtt_min", "fastest", "s", 1, false, false, 0x4caf7d },
	{ "check", "took", "time", "s", 1, false, true, 0x3f7fbf },
};

static const uint32_t colors[LINES_MOST] = { 0x3f7fbf, 0x4caf7d, 0xd9822b, 0xb5485d, 0x7b5ea7, 0x5f9ea0, 0x8c6d31, 0x6b6b6b };

static unsigned lines_of_class(const char *class_name, const char *path, struct store_line *line)
{
	unsigned n = 0;

	for (size_t i = 0; i < sizeof(pictures) / sizeof(pictures[0]); i++) {
		const struct picture *p = &pictures[i];

		if (strcmp(p->class_name, class_name) == 0)
			line[n++] = (struct store_line){ path, p->ds, p->label, p->unit, p->scale, p->below, p->area, p->color };
	}
	return n;
}

/* The columns of a definition that have the unit of its first one. */
static unsigned lines_of_table(const struct mib_table *t, const char *path, struct store_line *line)
{
	unsigned n = 0;

	for (uint32_t d = 0; t != NULL && d < t->layout.ds_count && n < LINES_MOST; d++)
		if (strcmp(t->layout.ds[d].unit, t->layout.ds[0].unit) == 0) {
			line[n] = (struct store_line){ path, t->layout.ds[d].name, t->layout.ds[d].name, t->layout.ds[d].unit, 1, false, false, colors[n] };
			n++;
		}
	return n;
}

/* The component and class that a target names: DEVICE alone is its echo; DEVICE/CLASS/INSTANCE; a check of its own. */
static bool target_of(const struct config *c, const char *target, char *component, size_t size, char *class_name, size_t class_size)
{
	const char *slash = strchr(target, '/'), *second = slash ? strchr(slash + 1, '/') : NULL;
	const struct ref *r = config_find(c, target);

	if (second != NULL && config_device_of(c, target) != CONFIG_NONE) {
		snprintf(component, size, "%s", target);
		snprintf(class_name, class_size, "%.*s", (int)(second - slash - 1), slash + 1);
		return true;
	}
	if (r == NULL || (r->kind != REF_DEVICE && r->kind != REF_CHECK))
		return false;
	snprintf(component, size, r->kind == REF_DEVICE ? "%s/icmp/echo" : "%s", target);
	snprintf(class_name, class_size, r->kind == REF_DEVICE ? "icmp" : "check");
	return true;
}

static int said(const struct ctl *c, const char *component, const struct store_graph *g, const char *out)
{
	json_t *answer = json_pack("{s:i,s:[{s:o,s:o,s:o,s:o}]}", "version", 1, "items", "component", json_words(component), "file",
				   json_words(out), "from", json_time(g->from), "to", json_time(g->to));
	char span[32];

	if (c->json) {
		ctl_print_json(answer);
	} else {
		json_clean(answer);
		printf("%s: %s, the last %s\n", json_text(json_array_get(json_object_get(answer, "items"), 0), "file"),
		       json_text(json_array_get(json_object_get(answer, "items"), 0), "component"),
		       span_format(wall_since(g->to, g->from), span, sizeof(span)));
	}
	json_decref(answer);
	return EXIT_DONE;
}

/* librrd and its fonts live in a child process: what goes wrong there is said here. */
static enum fw_err draw_in_child(const struct store_graph *g, const char *out, struct err *err)
{
	int fd[2], status = 0;
	size_t len = 0;
	ssize_t n;
	pid_t pid;

	if (pipe2(fd, O_CLOEXEC) != 0 || (pid = fork()) < 0)
		return err_set(err, FW_IO, "cannot start drawing: %s", err_errno());
	if (pid == 0) {
		err->text[0] = '\0';
		status = store_graph(g, out, err) == FW_OK ? 0 : 1;
		if (write(fd[1], err->text, strlen(err->text)) < 0)
			status = 1;
		_exit(status);
	}
	close(fd[1]);
	while ((n = read(fd[0], err->text + len, sizeof(err->text) - 1 - len)) > 0)
		len += (size_t)n;
	err->text[len] = '\0';
	close(fd[0]);
	waitpid(pid, &status, 0);
	if (WIFSIGNALED(status))
		return err_set(err, FW_IO, "drawing '%s' was ended by signal %d", out, WTERMSIG(status));
	return WEXITSTATUS(status) == 0 ? FW_OK : FW_IO;
}

/* ---- why there is no file ---------------------------------------------------------------------------------------------- */

struct parts { const struct config *config; struct arena arena; struct names names; char example[MODEL_NAME_MAX]; bool found_interface; };

/* The parts of a device, and one of them that keeps numbers, an interface if there is one. */
static bool one_part(void *owner, const char *device, const struct last_record *r)
{
	struct parts *p = owner;
	char class_name[64], instance[LAST_INSTANCE_MAX + 1], name[MODEL_NAME_MAX];
	const struct mib_table *t;
	bool is_interface;

	if (r->kind == LAST_DEVICE)
		return true;
	last_text_get(r, LAST_T_CLASS, class_name, sizeof(class_name));
	last_text_get(r, LAST_T_INSTANCE, instance, sizeof(instance));
	snprintf(name, sizeof(name), "%s/%s/%s", device, class_name, instance);
	names_put(&p->names, arena_strdup(&p->arena, name), 1);
	t = mib_find_class(p->config->mib, class_name);
	is_interface = strcmp(class_name, "interface") == 0;
	if (t != NULL && t->layout.ds_count > 0 && (p->example[0] == '\0' || (is_interface && !p->found_interface))) {
		text_copy(p->example, sizeof(p->example), name);
		p->found_interface = is_interface;
	}
	return true;
}

static void why_no_file(const struct config *c, const char *target, const char *component, struct err *why)
{
	struct parts p = { .config = c };
	const struct ref *r = config_find(c, target);
	uint32_t device = config_device_of(c, target);
	const char *near = NULL;
	struct err none;

	if (device != CONFIG_NONE && last_read_device(c->state, c->device[device].name, one_part, &p, &none) == FW_OK)
		near = names_nearest(&p.names, target, 5);
	if (r != NULL && r->kind == REF_DEVICE && !c->device[r->index].ping)
		err_set(why, FW_NOTFOUND, "%s is not asked by ICMP (ping = false)%s%s", target, p.example[0] ?
			"; graph a part of it, such as " : "; graph a part of it: forewarn show CLASS DEVICE lists them", p.example);
	else if (r != NULL || names_find(&p.names, target) != NAMES_NONE)
		err_set(why, FW_NOTFOUND, "'%s' has no history yet: there is no file of it", component);
	else
		err_set(why, FW_NOTFOUND, "there is no component '%s'%s%s%s", target, near ? "; '" : "; 'forewarn show CLASS DEVICE",
			near ? near : "", near ? "' is near" : "' lists what there is");
	names_release(&p.names);
	arena_release(&p.arena);
}

static int draw(struct ctl *c, const struct config *config, const char *component, const char *class_name, struct store_graph *g, const char *out)
{
	struct store_line line[LINES_MOST];
	char folder[1024], path[STORE_PATH_MAX];
	struct err err = { "" }, why;
	json_t *flushed;

	snprintf(folder, sizeof(folder), "%s/rrd", config->state);
	if (!store_path(folder, component, class_name, path, sizeof(path)))
		return ctl_failed(c, "the name is too long for a file");
	flushed = ctl_call(c, "flush", json_pack("{s:o}", "name", json_words(component)), &err);	/* none runs: nothing is held */
	json_decref(flushed);
	if (store_check_file(path, &err) != FW_OK) {
		if (access(path, F_OK) == 0)
			err_set(&why, FW_NOTFOUND, "'%s' has no history: %s", component, err.text);
		else
			why_no_file(config, c->argv[0], component, &why);
		return ctl_failed(c, why.text);
	}
	g->line_count = lines_of_class(class_name, path, line);
	if (g->line_count == 0)
		g->line_count = lines_of_table(mib_find_class(config->mib, class_name), path, line);
	if (g->line_count == 0)
		return ctl_failed(c, "this class keeps no numbers");
	g->lines = line;
	g->title = component;
	g->vertical_label = line[0].unit;
	if (draw_in_child(g, out, &err) != FW_OK)
		return ctl_failed(c, err.text);
	return said(c, component, g, out);
}

static bool has_ending(const char *out, const char *ending)
{
	size_t n = strlen(out), e = strlen(ending);

	return n > e && strcmp(out + n - e, ending) == 0;
}

static int draw_target(struct ctl *c, struct store_graph *g, const char *out)
{
	char component[MODEL_NAME_MAX], class_name[64];
	struct config *config = ctl_config(c);
	struct err err;
	int status;

	if (config == NULL)
		return EXIT_FAILED;
	if (target_of(config, c->argv[0], component, sizeof(component), class_name, sizeof(class_name))) {
		status = draw(c, config, component, class_name, g, out);
	} else {
		name_unknown(&err, config, "device, check or component of a device", 1 << REF_DEVICE | 1 << REF_CHECK, c->argv[0]);
		status = ctl_failed(c, err.text);
	}
	config_unref(config);
	return status;
}

int graph_command(struct ctl *c)
{
	const char *out = ctl_value(c, "output", 'o'), *since = ctl_value(c, "since", 0), *until = ctl_value(c, "until", 0);
	const char *size = ctl_value(c, "size", 0);
	struct store_graph g = { .width = 800, .height = 250, .to = clock_wall() };
	struct wall now = g.to;
	char after = '\0';

	if (!ctl_rest_ok(c, 1))
		return EXIT_USAGE;
	if (c->argc != 1)
		return ctl_usage(c, "a target is needed: DEVICE, DEVICE/CLASS/INSTANCE or a check");
	if (out == NULL || (!has_ending(out, ".png") && !has_ending(out, ".svg")))
		return ctl_usage(c, "-o FILE.png or -o FILE.svg is needed");
	if (until && !ctl_time(until, now, &g.to))
		return ctl_usage(c, "--until '%s' is not a time; use 4h, 13:58 or \"2026-11-21 13:58\"", until);
	g.from = wall_add(g.to, span_s(-86400));
	if (since && (!ctl_time(since, now, &g.from) || g.from.us >= g.to.us))
		return ctl_usage(c, "--since '%s' is not a time before that; use 4h, 1d, 1w or \"2026-11-21 13:58\"", since);
	if (size && (sscanf(size, "%ux%u%c", &g.width, &g.height, &after) != 2 || g.width < 100 || g.width > 4000 || g.height < 50 ||
		     g.height > 4000))
		return ctl_usage(c, "'%s' is not a size; use 800x250 (100 to 4000)", size);
	return draw_target(c, &g, out);
}

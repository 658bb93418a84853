/* poller/ctl/reload.c: a new configuration for a running daemon (SIGHUP).
 *
 * It is read as a whole beside the old one, and taken only when it has no mistake and its services can be computed; then
 * main's model takes over every state whose name is still there, and each worker gets the snapshot: what did not change
 * goes on undisturbed. A worker that cannot take it now (its mailbox is full) gets it later: nobody waits.
 * Thread: main.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "poller/base/log.h"
#include "poller/ctl/daemon-int.h"

static void say_mistakes(const struct daemon *d, const struct mistakes *m)
{
	unsigned n = m->count + m->more;

	for (unsigned i = 0; i < m->count; i++)
		log_error(LOG_CONFIG, "%s", m->line[i]);
	log_error(LOG_CONFIG, "'%s' has %u mistake%s; nothing was changed", d->ctl->config_path, n, n == 1 ? "" : "s");
}

/* What only a restart can change. */
static void say_restart(const struct config *old, const struct config *new)
{
	if (strcmp(old->state, new->state) != 0 || strcmp(old->user, new->user) != 0 || old->threads != new->threads ||
	    old->receive_octets != new->receive_octets || old->checks_at_once != new->checks_at_once ||
	    old->rrd_rows != new->rrd_rows || old->rrd_hold.us != new->rrd_hold.us)
		log_warn(LOG_CONFIG, "state, user, threads, receive-buffer, checks-at-once and rrd take effect at the next start");
}

void reload_tell(struct daemon *d)
{
	for (unsigned w = 0; w < d->worker_count; w++) {
		struct msg_config *m;

		if (!d->config_due[w])
			continue;
		m = msg_new(MSG_CONFIG, sizeof(*m));
		m->config = config_ref(d->config);
		d->config_due[w] = mbox_take(worker_mbox(d->worker[w]), &m->m) != FW_OK;
		if (d->config_due[w]) {
			config_unref(m->config);
			free(m);
		}
	}
}

static void take(struct daemon *d, struct config *c, struct sender *sender)
{
	say_restart(d->config, c);
	sender_free(d->sender);
	d->sender = sender;
	config_unref(d->config);
	d->config = c;
	intake_forget_devices(d);
	planned_apply(d);
	d->dirty = true;
	for (unsigned w = 0; w < d->worker_count; w++)
		d->config_due[w] = true;
	reload_tell(d);
	log_info(LOG_CONFIG, "configuration read again devices=%u services=%u", c->device_count, c->service_count);
}

static void say_reloading(void)
{
	char text[64];

	snprintf(text, sizeof(text), "RELOADING=1\nMONOTONIC_USEC=%lld", (long long)clock_mono().us);	/* sd_notify(3) */
	sd_notify_text(text);
}

void reload(struct daemon *d)
{
	struct mistakes m = { 0 };
	struct sender *sender = NULL;
	struct err err = { "" };
	struct config *c;

	say_reloading();
	c = config_load(d->ctl->config_path, d->ctl->state, &m);
	if (c == NULL) {
		say_mistakes(d, &m);
		goto out;
	}
	hold_release(d);		/* their numbers are those of the old configuration */
	if (config_keys(c, &err) != FW_OK || (sender = sender_new(c, &err)) == NULL || model_reload(&d->model, c, &err) != FW_OK) {
		log_error(LOG_CONFIG, "cannot take '%s': %s; nothing was changed", d->ctl->config_path, err.text);
		if (sender)
			sender_free(sender);
		config_unref(c);
		goto out;
	}
	take(d, c, sender);
out:
	mistakes_release(&m);
	sd_notify_text("READY=1");
}

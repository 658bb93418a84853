/* rrd/journal-record-int.h: bodies of journal records, written and read; drawn in journal-int.h. */
#ifndef FW_RRD_JOURNAL_RECORD_INT_H
#define FW_RRD_JOURNAL_RECORD_INT_H

#include "layout-int.h"

enum record_kind { RECORD_LAYOUT = 1, RECORD_NAME, RECORD_ROW, RECORD_FORGET };

void record_layout_enc(struct wr *w, uint32_t id, const struct store_layout *layout);
void record_name_enc(struct wr *w, uint32_t id, uint32_t layout_id, const char *component);

#endif

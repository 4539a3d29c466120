/* JSON: write sites, by the contract of hmapscope-report(5). */
#include "report/emit.h"
#include "report/sites.h"

void hms_emit_site(struct hms_emit *emit, const struct hms_site_row *site)
{
	hms_emit_object(emit, NULL);
	hms_emit_text(emit, "function", site->function);
	hms_emit_text(emit, "inlined_into", site->inlined_into);
	hms_emit_text(emit, "file", site->file);
	if (site->line < 0)
		hms_emit_null(emit, "line");
	else
		hms_emit_i64(emit, "line", site->line);
	hms_emit_hex(emit, "pc", site->pc);
	hms_emit_text(emit, "callee", site->callee);
	hms_emit_text(emit, "map_type", site->map_type);
	hms_emit_text(emit, "kind", site->kind);
	hms_emit_text(emit, "lock", site->lock);
	hms_emit_text(emit, "lock_evidence", site->lock_evidence);
	hms_emit_array(emit, "goroutines");
	for (size_t i = 0; i < site->ngoroutines; i++)
		hms_emit_u64(emit, NULL, site->goroutines[i]);
	hms_emit_close(emit);
	hms_emit_close(emit);
}

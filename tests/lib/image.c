#include "lib/image.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void must(struct hms_error *err)
{
	if (!err)
		return;
	fprintf(stderr, "image_open: %s\n", err->message);
	abort();
}

void image_open(struct image *image, const struct mkcore *core, const struct mkelf *exe,
		uint64_t bias)
{
	char *path = mkcore_save(core);

	*image = (struct image){0};
	must(hms_corefile_open(path, NULL, &image->core));
	unlink(path);
	free(path);
	if (exe) {
		path = mkelf_save(exe);
		must(hms_elffile_open(path, &image->exe));
		unlink(path);
		free(path);
	}
	must(hms_mem_open(image->core, image->exe, bias, &image->mem));
}

void image_close(struct image *image)
{
	hms_mem_close(image->mem);
	hms_elffile_close(image->exe);
	hms_corefile_close(image->core);
	*image = (struct image){0};
}

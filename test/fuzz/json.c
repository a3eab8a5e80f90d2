/*
 * json.c
 *	  JSON whose numbers lose nothing.
 *
 * A text that is read is one that cJSON reads, too, and what is printed reads back;
 * what is refused goes wrong within the text.
 */
#include "fuzz.h"

#include "core/json.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char	   *text = FuzzText(data, size);
	const char *end = NULL;
	cJSON	   *tree = JsonParse(text, size, &end);

	if (tree == NULL)
		Promise(end >= text && end <= text + size, "it goes wrong in the text");
	else
	{
		cJSON	   *plain = cJSON_ParseWithOpts(text, NULL, true);
		char	   *printed = cJSON_PrintUnformatted(tree);
		cJSON	   *back = printed == NULL ? NULL : JsonParse(printed, strlen(printed), &end);

		Promise(plain != NULL, "what is read is JSON");
		Promise(back != NULL, "what is printed reads back");
		cJSON_Delete(plain);
		cJSON_Delete(back);
		free(printed);
	}
	cJSON_Delete(tree);
	free(text);
	return 0;
}

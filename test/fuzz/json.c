/*
 * json.c
 *	  JSON whose numbers lose nothing.
 *
 * What is read prints, and reads back; what is refused goes wrong within the text.
 */
#include "fuzz.h"

#include "core/json.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char	   *text = FuzzText(data, size);
	const char *end = NULL;
	size_t		length = strlen(text);	/* no text of SQL has a NUL */
	cJSON	   *tree = JsonParse(text, length, &end);

	if (tree == NULL)
		Promise(end >= text && end <= text + length, "it goes wrong in the text");
	else
	{
		char	   *printed = cJSON_PrintUnformatted(tree);
		cJSON	   *back = printed == NULL ? NULL : JsonParse(printed, strlen(printed), &end);

		Promise(back != NULL, "what is printed reads back");
		cJSON_Delete(back);
		free(printed);
	}
	cJSON_Delete(tree);
	free(text);
	return 0;
}

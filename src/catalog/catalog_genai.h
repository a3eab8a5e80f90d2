/*
 * catalog_genai.h
 *	  A model of the format genai-prices, and the names it goes by.  Private to
 *	  the genai-prices reader.
 */
#ifndef INFERACCT_CATALOG_GENAI_H
#define INFERACCT_CATALOG_GENAI_H

#include "catalog/catalog_build.h"

typedef struct GenaiModel
{
	Catalog    *catalog;
	const char *path;
	const char *provider;
	const char *model;
	const char *source;
	bool		priced;			/* some price of it was taken */
} GenaiModel;

/* Give the model the names of a clause: exact names become aliases, and so do simple patterns; others cannot. */
extern void GenaiReadNames(GenaiModel *model, Names *names, const char *path, const cJSON *clause);

/*
 * Let a name stand without its provider too, where it is the alias of one
 * provider only and the id of no model.
 */
extern void GenaiAddBareAliases(Catalog *catalog, const cJSON *root);

#endif							/* INFERACCT_CATALOG_GENAI_H */

/* page.h: the page, over HTTP. */
#ifndef PAGE_H
#define PAGE_H

#include <changeover.h>

/* Serves page, API and metrics at an address; who has the token in the file (NULL: nobody) may change things. NULL and
 * a message where that is not possible. Ended with changeover_server_free. */
changeover_server *page_serve(changeover_engine *engine, const char *address, const char *token_file);

#endif

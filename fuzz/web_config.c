/* web_config.c - the web configuration file, and the Authorization header held against it. */
#include "http/web_config.h"
#include "http/credentials.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct credentials *credentials; /* its key is random once per run */
    struct str text = str_make((const char *)data, size);
    struct web_config *config = NULL;
    struct error err;

    if (!credentials && credentials_new(&credentials, NULL) < 0)
        return 0;
    if (web_config_parse("web.yml", text, &config, &err) == 0)
        credentials_check(credentials, config, text);
    web_config_release(config);
    return 0;
}

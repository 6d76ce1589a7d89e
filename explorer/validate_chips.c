#include "explorer/validate_suites.h"
enum spn_status spn_validate_chips(struct spn_validation *v, const char *d, struct spn_err *e){(void)v;(void)d;(void)e;return SPN_OK;}

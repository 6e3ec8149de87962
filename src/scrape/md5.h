/* md5.h - MD5, only because relabelling's hashmod is defined by it. */
#ifndef ALGALON_SCRAPE_MD5_H
#define ALGALON_SCRAPE_MD5_H

#include "base/base.h"

void md5(struct str text, unsigned char ret[16]);

#endif

/* poller/version.h: which forewarn this is; read by the program and by configure.ac. */
#ifndef FW_VERSION_H
#define FW_VERSION_H

#define FOREWARN_VERSION "0.1.0"

#endif

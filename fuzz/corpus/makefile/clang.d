object: a.c /sdk/my\ dir/stdio.h \
  dir/../b.h x$$y.h

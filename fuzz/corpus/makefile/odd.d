object: \
 \# a\\ b $$  c

#!/bin/sh
echo "1..0 # SKIP the bundled cores are compressed, and this is built without libarchive"

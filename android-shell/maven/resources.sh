#!/bin/sh
# Compiles the resources with aapt2 for tests without the Android SDK: R.java, resources.ap_, the merged manifest, and
# the file by which Robolectric finds them.  resources.sh SHELL MADE ANDROID_JAR VOICES
set -eu
shell=$1 made=$2 android=$3 voices=$4
rm -rf "$made/flat" "$made/r" "$made/test-config"
mkdir -p "$made/flat" "$made/r" "$made/test-config/com/android/tools" "$voices"
# Gradle puts package, SDK numbers and the county's relay into the manifest; here they go into a copy. An aapt2 of Android 10 does not know
# <queries>, which these tests do not need.
sed -e '/<queries>/,/<\/queries>/d' \
    -e 's|\${relay}||' \
    -e 's|<manifest |<manifest package="org.xunge.shell" |' \
    -e 's|<application|<uses-sdk android:minSdkVersion="21" android:targetSdkVersion="34" />\n    <application|' \
    "$shell/src/main/AndroidManifest.xml" > "$made/AndroidManifest.xml"
aapt2 compile --dir "$shell/src/main/res" -o "$made/flat/res.zip"
aapt2 link -I "$android" --manifest "$made/AndroidManifest.xml" --min-sdk-version 21 --target-sdk-version 34 \
    --version-code 1 --version-name test -A "$voices" --java "$made/r" --auto-add-overlay \
    -o "$made/resources.ap_" "$made/flat/res.zip"
cat > "$made/test-config/com/android/tools/test_config.properties" <<END
android_resource_apk=$made/resources.ap_
android_merged_manifest=$made/AndroidManifest.xml
android_merged_assets=$voices
android_custom_package=org.xunge.shell
END

// The app's packages, from the same sources that Maven tests without an Android SDK. `cargo xtask android` builds the
// libraries into build/jniLibs and the bindings into ../target/bindings first, and then calls this.
plugins {
    id("com.android.application") version "8.13.0"
    id("org.jetbrains.kotlin.android") version "2.2.20"
}

// What `cargo xtask voices` made.
val voices = providers.gradleProperty("xunge.voices").orElse("../target/voices/assets")
val bindings = providers.gradleProperty("xunge.bindings").orElse("../target/bindings/kotlin")

android {
    namespace = "org.xunge.shell"
    compileSdk = 36
    ndkVersion = "28.2.13676358"

    defaultConfig {
        applicationId = "org.xunge.shell"
        minSdk = 21
        targetSdk = 34
        versionCode = (findProperty("xunge.versionCode") as String?)?.toInt() ?: 1
        versionName = "0.1.0"
        // What `xunge admin relay-address` printed; without it the app is any county's.
        manifestPlaceholders["relay"] = providers.gradleProperty("xunge.relay").getOrElse("")
        testInstrumentationRunner = "androidx.test.runner.AndroidJUnitRunner"
    }

    sourceSets {
        getByName("main") {
            java.srcDirs("src/main/kotlin", bindings.get())
            jniLibs.srcDirs("build/jniLibs")
            assets.srcDirs(voices.get())
        }
        // The tests of src/test/kotlin run by Maven, on any machine; on a device runs the smoke test alone.
        getByName("test").java.setSrcDirs(emptyList<String>())
        getByName("androidTest").java.srcDirs("src/androidTest/kotlin")
    }

    splits {
        abi {
            isEnable = true
            reset()
            include("arm64-v8a", "armeabi-v7a", "x86_64")
            isUniversalApk = false
        }
    }

    signingConfigs {
        // The county's own key, from the environment; without it the packages are unsigned.
        val store = providers.environmentVariable("XUNGE_KEYSTORE").orNull
        if (store != null) {
            create("county") {
                storeFile = file(store)
                storePassword = providers.environmentVariable("XUNGE_KEYSTORE_PASSWORD").get()
                keyAlias = providers.environmentVariable("XUNGE_KEY_ALIAS").get()
                keyPassword = providers.environmentVariable("XUNGE_KEY_PASSWORD").get()
            }
        }
    }

    buildTypes {
        release {
            isMinifyEnabled = true
            isShrinkResources = false // Pictures are found by name.
            proguardFiles(getDefaultProguardFile("proguard-android-optimize.txt"), "proguard-rules.pro")
            signingConfig = signingConfigs.findByName("county")
        }
    }

    compileOptions {
        sourceCompatibility = JavaVersion.VERSION_17
        targetCompatibility = JavaVersion.VERSION_17
    }

    lint {
        abortOnError = true
        checkReleaseBuilds = true
        // Colours, sizes and views are made in code, and one language stands beside the default.
        disable += setOf("SetTextI18n", "MissingTranslation", "DiscouragedApi")
    }
}

kotlin {
    compilerOptions {
        jvmTarget.set(org.jetbrains.kotlin.gradle.dsl.JvmTarget.JVM_17)
    }
}

dependencies {
    implementation("net.java.dev.jna:jna:5.19.1@aar")
    implementation("org.jetbrains.kotlinx:kotlinx-coroutines-android:1.10.2")
    implementation("com.google.zxing:core:3.5.3")
    androidTestImplementation("androidx.test:runner:1.6.2")
    androidTestImplementation("androidx.test.ext:junit:1.2.1")
}

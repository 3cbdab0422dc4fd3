// The camera, the pad to sign on, the waveform of a recording, the code on a photo, and the system's way to give a file away.
#if canImport(SwiftUI) && os(iOS)
import AVFoundation
import CoreImage
import SwiftUI
import UIKit

/// The system's camera; the picture is made small enough for a slow network.
struct Camera: UIViewControllerRepresentable {
    let into: URL
    /// Points of its longer side: small enough for a slow network, or for a card.
    var longestSide: CGFloat = 1600
    /// Whether there is a picture.
    let done: (Bool) -> Void

    /// Asks where that is due. False where there is no camera to be had.
    static func allowed() async -> Bool {
        guard UIImagePickerController.isSourceTypeAvailable(.camera) else { return false }
        return await AVCaptureDevice.requestAccess(for: .video)
    }

    func makeUIViewController(context: Context) -> UIImagePickerController {
        let camera = UIImagePickerController()
        camera.sourceType = .camera
        camera.delegate = context.coordinator
        return camera
    }

    func updateUIViewController(_ camera: UIImagePickerController, context: Context) {}

    func makeCoordinator() -> Coordinator { Coordinator(self) }

    final class Coordinator: NSObject, UIImagePickerControllerDelegate, UINavigationControllerDelegate {
        private let camera: Camera

        init(_ camera: Camera) { self.camera = camera }

        func imagePickerController(_ picker: UIImagePickerController, didFinishPickingMediaWithInfo info: [UIImagePickerController.InfoKey: Any]) {
            let image = info[.originalImage] as? UIImage
            let data = image.flatMap(camera.small)?.jpegData(compressionQuality: 0.8)
            camera.done(data.map { (try? $0.write(to: camera.into, options: .atomic)) != nil } ?? false)
        }

        func imagePickerControllerDidCancel(_ picker: UIImagePickerController) { camera.done(false) }
    }

    private func small(_ image: UIImage) -> UIImage? {
        let scale = min(1, longestSide / max(image.size.width, image.size.height, 1))
        return image.preparingThumbnail(of: CGSize(width: image.size.width * scale, height: image.size.height * scale))
    }
}

/// The text of the QR code on a photo; none if there is none to be read.
func readCode(_ file: URL) -> String? {
    guard let image = CIImage(contentsOf: file) else { return nil }
    let detector = CIDetector(ofType: CIDetectorTypeQRCode, context: nil, options: [CIDetectorAccuracy: CIDetectorAccuracyHigh])
    return detector?.features(in: image).lazy.compactMap { ($0 as? CIQRCodeFeature)?.messageString }.first
}

/// A name with the finger; each lifted finger hands over the picture so far.
struct SignaturePad: View {
    @Environment(\.look) private var look
    @Binding var strokes: [[CGPoint]]
    let drawn: (UIImage?) -> Void
    @State private var drawing = false

    private static let height: CGFloat = 200

    var body: some View {
        GeometryReader { place in
            Lines(strokes: strokes, colour: look.palette.ink)
                .background(look.palette.paper)
                .contentShape(Rectangle())
                .gesture(
                    DragGesture(minimumDistance: 0)
                        .onChanged { touch in
                            if drawing { strokes[strokes.count - 1].append(touch.location) } else { strokes.append([touch.location]) }
                            drawing = true
                        }
                        .onEnded { _ in
                            drawing = false
                            let lines = Lines(strokes: strokes, colour: .black).frame(width: place.size.width, height: place.size.height).background(.white)
                            drawn(ImageRenderer(content: lines).uiImage)
                        }
                )
        }
        .frame(height: Self.height)
        .overlay(RoundedRectangle(cornerRadius: 12).stroke(look.palette.ink, lineWidth: 3).allowsHitTesting(false))
    }

    private struct Lines: View {
        let strokes: [[CGPoint]]
        let colour: Color

        var body: some View {
            Canvas { canvas, _ in
                for stroke in strokes {
                    var path = Path()
                    path.addLines(stroke)
                    canvas.stroke(path, with: .color(colour), style: StrokeStyle(lineWidth: 4, lineCap: .round, lineJoin: .round))
                }
            }
        }
    }
}

/// The last seconds of a recording, loud is high.
struct Waveform: View {
    @Environment(\.look) private var look
    let heard: [Double]

    private static let shown = 60

    var body: some View {
        Canvas { canvas, size in
            let step = size.width / CGFloat(Self.shown)
            for (index, loud) in heard.suffix(Self.shown).enumerated() {
                let half = max(0.04, min(1, loud * 2)) * size.height / 2.2
                let x = (CGFloat(index) + 0.5) * step
                var path = Path()
                path.move(to: CGPoint(x: x, y: size.height / 2 - half))
                path.addLine(to: CGPoint(x: x, y: size.height / 2 + half))
                canvas.stroke(path, with: .color(look.palette.green), style: StrokeStyle(lineWidth: 4, lineCap: .round))
            }
        }
        .frame(height: 56)
        .accessibilityHidden(true)
    }
}

/// The system's share sheet.
struct Share: UIViewControllerRepresentable {
    let file: URL

    func makeUIViewController(context: Context) -> UIActivityViewController {
        UIActivityViewController(activityItems: [file], applicationActivities: nil)
    }

    func updateUIViewController(_ sheet: UIActivityViewController, context: Context) {}
}
#endif

"""Sends a file with tuspy, a tus client that knows nothing of Xunge: tus_client.py URL TOKEN FILE CHUNK [UPLOAD]

Without UPLOAD it begins one; with it, it goes on where the relay stands. Prints the upload's address, and the offset it
begins at, one a line, before it sends anything. It tries again as that client does, for the relay may still be reading what a
client that was killed had sent.
"""
import sys

from tusclient import client

url, token, path, chunk = sys.argv[1:5]
tus = client.TusClient(url, headers={"Authorization": f"Bearer {token}"})
upload = tus.uploader(path, chunk_size=int(chunk), metadata={"filename": "voice.wav"}, upload_checksum=True,
                      retries=5, retry_delay=1,
                      url=sys.argv[5] if len(sys.argv) > 5 else None)
if upload.url is None:
    upload.set_url(upload.create_url())
    upload.offset = 0
print(upload.url, flush=True)
print(upload.offset, flush=True)
upload.upload()
print(upload.offset, flush=True)

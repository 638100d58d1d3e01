"""Makes the files beside it, which tenun's own dependencies cannot write. numpy, Pillow, pyarrow, scipy."""

import io
import json
import pickle

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import scipy.io
from PIL import Image

y, x = np.mgrid[:40, :56]
wave = (127 + 80 * np.sin(x / 5) + 40 * np.cos(y / 3)).clip(0, 255).astype("u1")
rgb = np.stack([wave, wave[::-1], wave[:, ::-1]], -1)

Image.fromarray(rgb).save("baseline.jpg", quality=80, subsampling=2)
Image.fromarray(rgb).save("restarts.jpg", quality=80, subsampling=0, restart_marker_rows=1)
Image.fromarray(rgb).save("progressive.jpg", quality=80, subsampling=2, progressive=True)
Image.fromarray(wave).save("grey_progressive.jpg", quality=90, progressive=True)

Image.fromarray((wave.astype("f4") / 255)).save("float.tif")
small = Image.new("P", (8, 8), 1)
small.putpalette([0, 0, 0, 200, 30, 40])
small.save("palette.tif")
Image.new("L", (8, 8), 10).save("pages.tif", save_all=True, append_images=[Image.new("L", (8, 8), v) for v in (20, 30)])

turned = Image.fromarray(np.repeat([[0, 255]], 16, 0).repeat(16, 1).astype("u1"))
exif = Image.Exif()
exif[0x0112] = 6  # to be turned clockwise by 90 degrees
for ending in ("jpg", "png", "webp", "tif"):
    turned.convert("RGB").save(f"turned.{ending}", exif=exif, quality=95)


def png(value):
    file = io.BytesIO()
    Image.new("L", (4, 4), value).save(file, "PNG")
    return file.getvalue()


table = pa.table(
    {
        "image": pa.array([{"bytes": png(10 * i), "path": f"{i}.png"} for i in range(4)]),
        "label": pa.array([1, 0, 1, 1], pa.int64()),
        "note": ["a", "b", "c", "d"],
    }
)
features = {"image": {"_type": "Image"}, "label": {"names": ["cat", "dog"], "_type": "ClassLabel"}}
table = table.replace_schema_metadata({"huggingface": json.dumps({"info": {"features": features}})})
pq.write_table(table, "train-00000-of-00001.parquet", compression="snappy")
claims = pa.table({"image": pa.array([png(1)]).dictionary_encode().take(pa.array(np.zeros(3_000_000, "i4")))})
pq.write_table(claims, "many_rows.parquet", compression="snappy")

batch = {b"data": np.arange(2 * 3072).reshape(2, 3072).astype("u1"), b"labels": [3, 1]}
with open("data_batch_1", "wb") as file:
    pickle.dump(batch, file, protocol=2)
with open("data_batch_4", "wb") as file:
    pickle.dump(batch, file, protocol=4)

rows, columns, channels, images = np.meshgrid(*map(np.arange, (8, 8, 3, 6)), indexing="ij")
digits = {"X": (30 * images + 10 * channels + rows).astype("u1"), "y": np.array([[1, 2, 3, 10, 1, 2]], "u1").T}
scipy.io.savemat("plain.mat", digits)
scipy.io.savemat("compressed.mat", digits, do_compression=True)

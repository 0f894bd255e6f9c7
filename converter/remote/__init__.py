"""Files on S3, Google Cloud Storage, the Hugging Face Hub and the web.

A `RemotePath` stands for one wherever a path of this machine could. What is only looked at is read
in ranges; for everything else there is an `Errand`, which works on copies. `store` is the only
importer of fsspec. Nothing but what the user has named is ever fetched.
"""

"""Networks of torchvision, timm and transformers with random weights, for bench/zoo.py.

Importing this needs nothing; `build` needs the packages.
"""

from __future__ import annotations

from typing import Any

PICTURE = (1, 3, 224, 224)
TORCHVISION = (
    "alexnet", "convnext_tiny", "densenet121", "efficientnet_b0", "efficientnet_v2_s", "googlenet",
    "inception_v3", "maxvit_t", "mnasnet1_0", "mobilenet_v2", "mobilenet_v3_large",
    "mobilenet_v3_small", "regnet_x_400mf", "regnet_y_400mf", "resnet18", "resnet50",
    "resnext50_32x4d", "shufflenet_v2_x1_0", "squeezenet1_1", "swin_t", "swin_v2_t", "vgg11",
    "vit_b_16", "wide_resnet50_2",
)  # fmt: skip
SEGMENTATION = ("deeplabv3_mobilenet_v3_large", "fcn_resnet50", "lraspp_mobilenet_v3_large")
VIDEO = ("r3d_18", "mc3_18", "r2plus1d_18", "mvit_v1_b", "swin3d_t")
TIMM = (
    "beit_base_patch16_224", "cait_xxs24_224", "coat_lite_tiny", "coatnet_0_rw_224",
    "convit_tiny", "convmixer_768_32", "convnextv2_atto", "crossvit_9_240", "cspdarknet53",
    "cspresnet50", "davit_tiny", "deit3_small_patch16_224", "deit_tiny_distilled_patch16_224",
    "dla34", "dpn68", "eca_nfnet_l0", "edgenext_x_small", "efficientformer_l1",
    "efficientformerv2_s0", "efficientnet_lite0", "efficientvit_b0", "efficientvit_m2",
    "eva02_tiny_patch14_224", "fastvit_t8", "fbnetc_100", "focalnet_tiny_srf", "gcvit_xxtiny",
    "gernet_s", "ghostnet_100", "ghostnetv2_100", "gmixer_24_224", "gmlp_s16_224", "hardcorenas_a",
    "hgnetv2_b0", "hiera_tiny_224", "hrnet_w18_small", "inception_next_tiny", "lcnet_050",
    "levit_128s", "maxvit_tiny_tf_224", "mixer_b16_224", "mixnet_s", "mobilenetv4_conv_small",
    "mobileone_s0", "mobilevit_xs", "mobilevitv2_050", "mvitv2_tiny", "nest_tiny", "nfnet_f0",
    "pit_ti_224", "poolformer_s12", "pvt_v2_b0", "regnetz_b16", "repghostnet_050", "repvgg_a0",
    "repvit_m0_9", "res2net50_26w_4s", "resmlp_12_224", "resnest14d", "rexnet_100",
    "sequencer2d_s", "seresnet18", "skresnet18", "swin_s3_tiny_224", "tf_efficientnetv2_b0",
    "tiny_vit_5m_224", "tinynet_a", "tnt_s_patch16_224", "tresnet_m", "twins_svt_small",
    "vgg11_bn", "visformer_tiny", "vit_tiny_patch16_224", "volo_d1_224", "xception41",
    "xcit_nano_12_p16_224",
)  # fmt: skip
# Configuration and model class by name, what changes of the configuration, and the input.
TRANSFORMERS: dict[str, tuple[str, str, dict[str, Any], str]] = {
    "albert": ("AlbertConfig", "AlbertModel", {"hidden_size": 768, "num_attention_heads": 12,
               "intermediate_size": 3072, "num_hidden_layers": 4}, "text"),
    "bert_4": ("BertConfig", "BertModel", {"num_hidden_layers": 4}, "text"),
    "clip_text": ("CLIPTextConfig", "CLIPTextModel", {"num_hidden_layers": 4}, "text"),
    "clip_vision": ("CLIPVisionConfig", "CLIPVisionModel", {"num_hidden_layers": 4}, "picture"),
    "convbert": ("ConvBertConfig", "ConvBertModel", {"num_hidden_layers": 2}, "text"),
    "deberta_v2": ("DebertaV2Config", "DebertaV2Model", {"num_hidden_layers": 2,
                   "hidden_size": 384, "num_attention_heads": 6, "intermediate_size": 1536,
                   "relative_attention": True, "pos_att_type": ["p2c", "c2p"],
                   "position_buckets": 256}, "text"),
    "dinov2": ("Dinov2Config", "Dinov2Model", {"num_hidden_layers": 4, "hidden_size": 384,
               "num_attention_heads": 6}, "picture"),
    "distilbert": ("DistilBertConfig", "DistilBertModel", {"n_layers": 4}, "text"),
    "electra": ("ElectraConfig", "ElectraModel", {"num_hidden_layers": 4}, "text"),
    "gpt2": ("GPT2Config", "GPT2Model", {"n_layer": 4, "use_cache": False}, "text"),
    "minilm": ("BertConfig", "BertModel", {"num_hidden_layers": 3, "hidden_size": 384,
               "num_attention_heads": 12, "intermediate_size": 1536}, "text"),
    "mobilebert": ("MobileBertConfig", "MobileBertModel", {"num_hidden_layers": 4}, "text"),
    "mpnet": ("MPNetConfig", "MPNetModel", {"num_hidden_layers": 4}, "text"),
    "qwen2": ("Qwen2Config", "Qwen2Model", {"num_hidden_layers": 2, "hidden_size": 512,
              "intermediate_size": 1408, "num_attention_heads": 8, "num_key_value_heads": 2,
              "vocab_size": 8192, "use_cache": False}, "text"),
    "roberta": ("RobertaConfig", "RobertaModel", {"num_hidden_layers": 4}, "text"),
    "segformer": ("SegformerConfig", "SegformerForSemanticSegmentation", {}, "picture"),
    "swinv2": ("Swinv2Config", "Swinv2Model", {"depths": [2, 2], "num_heads": [3, 6]}, "picture"),
    "t5_encoder": ("T5Config", "T5EncoderModel", {"num_layers": 4}, "text"),
    "vit_mae": ("ViTConfig", "ViTModel", {"num_hidden_layers": 4}, "picture"),
    "wav2vec2": ("Wav2Vec2Config", "Wav2Vec2Model", {"num_hidden_layers": 2}, "sound"),
    "whisper_encoder": ("WhisperConfig", "WhisperEncoder", {"encoder_layers": 2, "d_model": 384,
                        "encoder_attention_heads": 6, "encoder_ffn_dim": 1536}, "mel"),
    "yolos": ("YolosConfig", "YolosForObjectDetection", {"num_hidden_layers": 4,
              "hidden_size": 192, "num_attention_heads": 3, "intermediate_size": 768,
              "image_size": [224, 224]}, "picture"),
}  # fmt: skip
NAMES = (
    *(f"torchvision/{name}" for name in (*TORCHVISION, *SEGMENTATION, *VIDEO)),
    *(f"timm/{name}" for name in TIMM),
    *(f"transformers/{name}" for name in TRANSFORMERS),
)
_TOKENS, _SAMPLES, _MEL = (1, 128), (1, 16000), (1, 80, 3000)


def build(name: str) -> tuple[Any, tuple[Any, ...]]:
    """A network of NAMES with random weights, in evaluation mode, and inputs for it."""
    import torch

    torch.manual_seed(0)
    package, _, model = name.partition("/")
    if package == "timm":
        import timm

        network = timm.create_model(model)
        shape = (1, *network.default_cfg["input_size"])
    elif package == "torchvision":
        import torchvision

        known = torchvision.models
        home = {**dict.fromkeys(SEGMENTATION, known.segmentation),
                **dict.fromkeys(VIDEO, known.video)}.get(model, known)  # fmt: skip
        extra = {"weights_backbone": None} if model in SEGMENTATION else {}
        if model in ("googlenet", "inception_v3"):
            extra = {"aux_logits": True, "init_weights": False}
        network = getattr(home, model)(weights=None, **extra)
        shape = (1, 3, 299, 299) if model == "inception_v3" else PICTURE
        if model in VIDEO:
            shape = (1, 3, 16, 224, 224) if model in VIDEO[3:] else (1, 3, 8, 112, 112)
    else:
        return _transformer(model)
    return _settled(network.eval()), (torch.rand(shape) * 2 - 1,)


def _transformer(name: str) -> tuple[Any, tuple[Any, ...]]:
    import torch
    import transformers

    config_name, class_name, changes, kind = TRANSFORMERS[name]
    config = getattr(transformers, config_name)(**changes)
    if class_name == "WhisperEncoder":
        from transformers.models.whisper.modeling_whisper import WhisperEncoder

        kind_of = WhisperEncoder
    else:
        kind_of = getattr(transformers, class_name)
    network = _of_one_input(kind_of(config).eval())
    if kind == "text":
        return network, (torch.randint(3, min(1000, config.vocab_size), _TOKENS),)
    if kind == "picture":
        sizes = config.image_size if hasattr(config, "image_size") else 224
        height, width = sizes if isinstance(sizes, list | tuple) else (sizes, sizes)
        return network, (torch.rand(1, 3, height, width) * 2 - 1,)
    return network, (torch.randn(_SAMPLES if kind == "sound" else _MEL),)


def _of_one_input(network: Any) -> Any:
    """The network without the arguments that have defaults, which tracing stumbles over."""
    import torch

    class OfOneInput(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = network

        def forward(self, value: torch.Tensor) -> Any:
            result = self.network(value)
            return result.to_tuple() if hasattr(result, "to_tuple") else result

    return OfOneInput().eval()


def _settled(network: Any) -> Any:
    """Statistics of batch normalisations near those of trained networks."""
    import torch

    generator = torch.Generator().manual_seed(1)
    for part in network.modules():
        if isinstance(part, torch.nn.modules.batchnorm._BatchNorm) and part.running_var is not None:
            part.running_var.copy_(torch.rand(part.running_var.shape, generator=generator) + 0.5)
            part.running_mean.copy_(torch.randn(part.running_mean.shape, generator=generator) * 0.1)
    return network
